;;; session.el --- A user at work in Emacs  -*- lexical-binding: t; -*-

;;; Commentary:

;; emacs -q --batch -l session.el
;; Conditions are waited for, never a time. The last line of the output is what was seen, as JSON.

;;; Code:

(require 'cl-lib)
(require 'json)
(require 'package)
(package-initialize)

(setq make-backup-files nil
      auto-save-default nil
      create-lockfiles nil
      locale-coding-system 'utf-8
      eglot-sync-connect 90
      user-emacs-directory (file-name-as-directory (getenv "EMACS_PLACE"))
      native-comp-jit-compilation nil   ; no compiler beside the tests
      native-comp-enable-subr-trampolines nil
      last-nonmenu-event ?\r)           ; a key was pressed, not the mouse

(defvar session-source (getenv "SOURCE"))
(defvar session-test (expand-file-name "tests/test_reorder.py" (getenv "ROOT")))
(defvar session-told nil "All states that the server told, the last one first.")
(defvar session-messages nil)
(defvar session-seen nil)

;; The configuration under test is the user's.
(load (getenv "CONFIGURATION") nil t)
(require 'eglot)
(require 'flymake)

;; The session alone wants to know when a run is over.
(cl-defmethod eglot-initialization-options :around ((_server eglot-lsp-server))
  (let ((given (cl-call-next-method)))
    (append '(:status t) (and (listp given) given))))

(cl-defmethod eglot-handle-notification ((_server eglot-lsp-server) (_method (eql lspRepair/status)) &rest status)
  (push status session-told))

(cl-defmethod eglot-handle-notification :before
  ((_server eglot-lsp-server) (_method (eql window/showMessage)) &key message &allow-other-keys)
  (push message session-messages))

;;; Waiting

(defun session-pause ()
  "What Emacs does while its user pauses: batch mode is never idle by itself."
  (dolist (timer (copy-sequence timer-idle-list))
    (unless (timer--repeat-delay timer)
      (timer-event-handler timer)))
  (accept-process-output nil 0.05))

(defun session-wait (what condition)
  "Until CONDITION holds; its value. WHAT is said when it never does."
  (let ((limit (+ (float-time) 90)) value)
    (while (not (setq value (funcall condition)))
      (when (> (float-time) limit)
        (error "Waited in vain for %s; last told: %S" what (car session-told)))
      (session-pause))
    value))

(defun session-idle-p (failing)
  (let ((status (car session-told)))
    (and (equal (plist-get status :phase) "idle") (equal (plist-get status :failing) failing))))

(defun session-heard-p (phase mark)
  "Whether a PHASE was told after the first MARK ones."
  (cl-find phase (butlast session-told mark) :key (lambda (each) (plist-get each :phase)) :test #'equal))

(defun session-wait-run (phase mark failing)
  "Until a PHASE was entered after MARK and left with so many FAILING."
  (session-wait "the end of the next run"
                (lambda () (and (session-heard-p phase mark) (session-idle-p failing)))))

;;; The editor's own commands, as keys call them

(defun session-on-disk ()
  (with-temp-buffer (insert-file-contents session-source) (buffer-string)))

(defun session-diagnostic (text)
  (cl-find-if (lambda (each) (string-search text (flymake-diagnostic-text each))) (flymake-diagnostics)))

(defun session-to-diagnostic (text)
  "Go where a diagnostic says TEXT; the whole of it."
  (let ((found (session-wait (format "a diagnostic with %S" text) (lambda () (session-diagnostic text)))))
    (goto-char (flymake-diagnostic-beg found))
    (flymake-diagnostic-text found)))

(defun session-visit (file)
  "Open FILE; its mode's hook connects it as soon as a command has ended."
  (switch-to-buffer (find-file-noselect file))
  (run-hooks 'post-command-hook)
  (session-wait "a connection" #'eglot-managed-p)
  (flymake-start))

(defun session-code-action (start &optional meanwhile)
  "Open the menu of code actions and pick the first one that begins with START; nil picks none.
MEANWHILE is called while the menu is open. Returns all titles."
  (let (titles)
    (undo-boundary)
    (catch 'quit
      (cl-letf ((completing-read-function
                 (lambda (_prompt items &rest _)
                   (setq titles (mapcar (lambda (each) (if (consp each) (car each) each)) items))
                   (when meanwhile (funcall meanwhile))
                   (or (and start (cl-find-if (lambda (each) (string-prefix-p start each)) titles))
                       (throw 'quit nil))))
                ((symbol-function 'y-or-n-p) #'always))
        (call-interactively #'eglot-code-actions)))
    (undo-boundary)
    (vconcat titles)))

(defun session-substitute (before after)
  (undo-boundary)
  (goto-char (point-min))
  (search-forward before)
  (replace-match after t t)
  (undo-boundary))

(defun session-undo ()
  "A single undo, as the command loop would have it: after it ended the last command's changes."
  (undo-boundary)
  (setq last-command 'ignore)
  (call-interactively #'undo)
  (undo-boundary))

(defun session-hover ()
  (let (heard)
    (eglot-hover-eldoc-function (lambda (text &rest _) (setq heard text)))
    (substring-no-properties (session-wait "the hover" (lambda () heard)))))

;;; The session

(defun session-diagnosis ()
  (session-visit session-source)
  (let ((message (session-to-diagnostic "Fix available")))
    (session-wait "the end of the repair" (lambda () (session-idle-p 1)))
    `((message . ,message) (line . ,(line-number-at-pos)) (hover . ,(session-hover)))))

(defun session-accepting ()
  (session-to-diagnostic "Fix available")
  (let ((titles (session-code-action "Accept fix:")) (text (buffer-string)))
    (session-wait "green tests before saving" (lambda () (session-idle-p 0)))
    `((titles . ,titles) (text . ,text) (modified . ,(buffer-modified-p)) (on_disk . ,(session-on-disk))
      (diagnostics . ,(length (flymake-diagnostics))))))

(defun session-undoing ()
  (session-undo)
  (let ((undone (buffer-string)) mark redone)
    (session-to-diagnostic "the failing test")
    (call-interactively #'undo-redo)
    (setq redone (buffer-string)
          mark (length session-told))
    (save-buffer)
    (session-wait-run "testing" mark 0)
    (session-wait "no diagnostics" (lambda () (null (flymake-diagnostics))))
    `((undone . ,undone) (redone . ,redone) (on_disk . ,(session-on-disk)))))

(defun session-breaking-again ()
  (session-substitute "<= item" "< item")
  (save-buffer)
  (let ((message (session-to-diagnostic "Fix available")))
    (session-wait "the end of the repair" (lambda () (session-idle-p 1)))
    `((message . ,message) (titles . ,(session-code-action nil)))))

(defun session-accepting-too-late ()
  (session-to-diagnostic "Fix available")
  (let (typed refused text changed)
    (setq refused
          (condition-case failure
              (progn
                (session-code-action "Accept fix:"
                                     (lambda ()
                                       (let ((version eglot--versioned-identifier))
                                         (session-substitute "on_hand < item" "on_hand < 1 * item")
                                         (setq typed (buffer-string))
                                         (session-wait "the typed text to be sent"
                                                       (lambda ()
                                                         (and (> eglot--versioned-identifier version)
                                                              (null eglot--recent-changes)))))))
                nil)
            (error (error-message-string failure))))
    (setq text (buffer-string))
    (session-wait "the changed text to be known" (lambda () (null eglot--recent-changes)))
    (setq changed (session-code-action nil))
    (session-undo)
    (session-wait "the old text to be known" (lambda () (null eglot--recent-changes)))
    `((typed . ,typed) (text . ,text) (refused . ,refused) (on_disk . ,(session-on-disk)) (undone . ,(buffer-string))
      (titles . ,changed) (titles_undone . ,(session-code-action nil)))))

(defun session-hinting ()
  (session-to-diagnostic "the failing test")
  (lsp-repair-hint "An item exactly at its level is due.")
  (session-wait "the answer to the hint"
                (lambda () (string-search "Your hint leads the built-in engine" (or (car session-messages) ""))))
  `((answer . ,(car session-messages))))

(defun session-accepting-elsewhere ()
  (session-visit session-test)
  (kill-buffer (find-buffer-visiting session-source))
  (session-to-diagnostic "Fix available")
  (session-code-action "Accept fix:")
  (session-wait "green tests" (lambda () (session-idle-p 0)))
  (switch-to-buffer (find-buffer-visiting session-source))
  (let ((text (buffer-string)) (on-disk (session-on-disk)))
    (session-undo)
    `((text . ,text) (on_disk . ,on-disk))))

(defun session-rejecting ()
  (session-visit session-source)
  (session-to-diagnostic "Fix available")
  (session-wait "the end of the repair" (lambda () (session-idle-p 1)))
  (let ((before (session-code-action "Reject fix:")) after mark)
    (session-wait "a diagnostic without the fix"
                  (lambda () (and (flymake-diagnostics) (not (session-diagnostic "Fix available")))))
    (session-to-diagnostic "the failing test")
    (setq after (session-code-action nil)
          mark (length session-told))
    (goto-char (point-max))
    (insert "# nothing new\n")
    (save-buffer)
    (session-wait-run "repairing" mark 1)
    (session-to-diagnostic "the failing test")
    `((before . ,before) (after . ,after) (after_next_run . ,(session-code-action nil)))))

(defvar session-stages
  '((diagnosis . session-diagnosis)
    (accepting . session-accepting)
    (undoing . session-undoing)
    (breaking_again . session-breaking-again)
    (accepting_too_late . session-accepting-too-late)
    (hinting . session-hinting)
    (accepting_for_a_file_that_is_not_open . session-accepting-elsewhere)
    (rejecting . session-rejecting)))

(defun session-run ()
  (let ((noninteractive nil))           ; as in a terminal: flymake and eglot do less in batch mode
    (dolist (each session-stages)
      (let* ((started (float-time)) (stage (funcall (cdr each))))
        (push (cons (car each) (append stage `((seconds . ,(- (float-time) started))))) session-seen)))
    (eglot-shutdown (eglot-current-server))))

(let ((failure (condition-case caught (progn (session-run) nil)
                 (error (error-message-string caught)))))
  (princ (format "\n%s\n" (json-encode `((stages . ,(nreverse session-seen))
                                         (version . ,emacs-version)
                                         ,@(when failure
                                             `((error . ,failure)
                                               (told . ,(format "%S" session-told))
                                               (messages . ,(vconcat session-messages))))))))
  (let (kill-emacs-hook kill-emacs-query-functions)
    (kill-emacs (if failure 1 0))))

;;; session.el ends here
