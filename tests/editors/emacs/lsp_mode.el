;;; lsp_mode.el --- A user at work in Emacs with lsp-mode  -*- lexical-binding: t; -*-

;;; Commentary:

;; emacs -q --batch -l lsp_mode.el
;; The main path only; session.el has the rest. The last line of the output is what was seen, as JSON.

;;; Code:

(require 'cl-lib)
(require 'json)
(require 'package)
(package-initialize)

(defvar session-place (file-name-as-directory (getenv "EMACS_PLACE")))
(setq make-backup-files nil
      auto-save-default nil
      create-lockfiles nil
      locale-coding-system 'utf-8
      user-emacs-directory session-place
      lsp-session-file (expand-file-name "lsp-session" session-place)
      lsp-server-install-dir (expand-file-name "servers" session-place)
      lsp-diagnostics-provider :flymake
      lsp-auto-guess-root t
      lsp-enable-suggest-server-download nil
      lsp-restart 'ignore
      lsp-response-timeout 90)

(load (getenv "CONFIGURATION") nil t)
(require 'lsp-mode)

;; No other server: whether one is installed here is not what is tested.
(setq lsp-enabled-clients '(lsp-repair))

(defun session-wait (what condition)
  "Until CONDITION holds; its value. WHAT is said when it never does."
  (let ((limit (+ (float-time) 90)) value)
    (while (not (setq value (funcall condition)))
      (when (> (float-time) limit)
        (error "Waited in vain for %s" what))
      (dolist (timer (copy-sequence timer-idle-list)) ; batch mode is never idle by itself
        (unless (timer--repeat-delay timer)
          (timer-event-handler timer)))
      (accept-process-output nil 0.05))
    value))

(defun session-messages ()
  "What the diagnostics of this buffer say."
  (mapcar #'lsp:diagnostic-message
          (append (gethash (lsp--fix-path-casing (buffer-file-name)) (lsp-diagnostics t)) nil)))

(defun session-message (text)
  (cl-find-if (lambda (each) (string-search text each)) (session-messages)))

(defun session-code-action (start)
  "Open the menu of code actions and pick the first one that begins with START; nil picks none."
  (let (titles)
    (undo-boundary)
    (catch 'quit
      (let ((completing-read-function
             (lambda (_prompt items &rest _)
               (setq titles (all-completions "" items))
               (or (and start (cl-find-if (lambda (each) (string-prefix-p start each)) titles))
                   (throw 'quit nil)))))
        (call-interactively #'lsp-execute-code-action)))
    (undo-boundary)
    (vconcat titles)))

(defun session-on-disk ()
  (with-temp-buffer (insert-file-contents (getenv "SOURCE")) (buffer-string)))

(defun session-run ()
  (let ((noninteractive nil) message titles accepted modified on-disk undone after)
    (lsp-workspace-folders-add (getenv "ROOT"))
    (switch-to-buffer (find-file-noselect (getenv "SOURCE")))
    (setq message (session-wait "a fix" (lambda () (session-message "Fix available"))))
    (goto-char (point-min))
    (search-forward "on_hand < ")
    (setq titles (session-code-action "Accept fix:")
          accepted (buffer-string)
          modified (buffer-modified-p)
          on-disk (session-on-disk))
    (session-wait "green tests before saving" (lambda () (null (session-messages))))
    (setq last-command 'ignore)
    (call-interactively #'undo)
    (undo-boundary)
    (setq undone (buffer-string))
    (session-wait "the failure again" (lambda () (session-message "Fix available")))
    (goto-char (point-min))
    (search-forward "on_hand < ")
    (session-code-action "Reject fix:")
    (session-wait "a diagnostic without the fix"
                  (lambda () (and (session-messages) (not (session-message "Fix available")))))
    (setq after (session-code-action nil))
    (set-buffer-modified-p nil)
    (lsp-workspace-shutdown (car (lsp-workspaces)))
    `((message . ,message) (titles . ,titles) (text . ,accepted) (modified . ,modified) (on_disk . ,on-disk)
      (undone . ,undone) (after . ,after))))

(let* (seen
       (failure (condition-case caught (progn (setq seen (session-run)) nil)
                  (error (error-message-string caught)))))
  (princ (format "\n%s\n" (json-encode `((version . ,emacs-version)
                                         ,@(if failure `((error . ,failure)) `((seen . ,seen)))))))
  (let (kill-emacs-hook kill-emacs-query-functions)
    (kill-emacs (if failure 1 0))))

;;; lsp_mode.el ends here
