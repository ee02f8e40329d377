"""Replies that must change nothing: what they mean is uncertain, forbidden, or not a change at all."""

from tests.models.answers.true_fixes import CACHE, CART, FINDING, SLUGS, STOCK, TAX


def block(path, old, new):
    return f"{path}\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"


def fenced(text, language="python"):
    return f"```{language}\n{text}\n```"


CART_FILE = {"shop/cart.py": CART}
FINDING_FILE = {"finding.py": FINDING}
TOTAL = CART[CART.index("    def total") : CART.index("    def count")].rstrip()
TOTAL_FIXED = TOTAL.replace("result - 1", "result")
TWINS = {"a/one.py": "def f(x):\n    return x - 1\n", "a/two.py": "def f(x):\n    return x - 1\n"}
SAME = {
    "twice.py": "class A:\n    def run(self):\n        return self.a - 1\n\n\nclass B:\n    def run(self):\n        return self.b - 1\n\n    def stop(self):\n        return self.a - 1\n"
}

TRAPS = {
    "text in two places": (CART_FILE, block("shop/cart.py", "        result = 0", "        result = 1")),
    "text in two places, one line of code": (
        SAME,
        block("twice.py", "        return self.a - 1", "        return self.a"),
    ),
    "text in two files": (TWINS, block("", "    return x - 1", "    return x")),
    "function in two files": (TWINS, fenced("def f(x):\n    return x + 0")),
    "method of two classes": (SAME, fenced("def run(self):\n    return self.value")),
    "words in two places": (CART_FILE, "Change `result = 0` to `result = 1`."),
    "a test's block": (CART_FILE, block("tests/test_cart.py", "        return result - 1", "        return result")),
    "a test's diff": (
        CART_FILE,
        "--- a/tests/test_cart.py\n+++ b/tests/test_cart.py\n@@ -1,1 +1,1 @@\n-        return result - 1\n+        return result\n",
    ),
    "a test's JSON": (
        CART_FILE,
        '{"path": "tests/test_cart.py", "search": "        return result - 1", "replace": "        return result"}',
    ),
    "another file": (CART_FILE, block("shop/basket.py", "        return result - 1", "        return result")),
    "path above the root": (CART_FILE, block("../shop/cart.py", "        return result - 1", "        return result")),
    "path of the system": (CART_FILE, block("/etc/shop/cart.py", "        return result - 1", "        return result")),
    "path above the root without a suffix": (
        CART_FILE,
        block("../../etc/passwd", "        return result - 1", "        return result"),
    ),
    "path of a drive": (CART_FILE, block("C:/shop/cart.py", "        return result - 1", "        return result")),
    "old lines that are nowhere": (
        CART_FILE,
        block("shop/cart.py", "        return result - 2", "        return result"),
    ),
    "no middle": (
        CART_FILE,
        "shop/cart.py\n<<<<<<< SEARCH\n        return result - 1\n        return result\n>>>>>>> REPLACE\n",
    ),
    "empty old part": (CART_FILE, block("shop/cart.py", "", "        return result")),
    "new code leaves the middle out": (
        CART_FILE,
        block(
            "shop/cart.py",
            TOTAL,
            "    def total(self):\n        # ... existing code ...\n        done = True\n        # ...\n        return max(result, 0)",
        ),
    ),
    "different parts left out": (
        CART_FILE,
        block(
            "shop/cart.py",
            "    def total(self):\n        ...\n        return result - 1",
            "    def total(self):\n        return result",
        ),
    ),
    "left out behind a line that is there twice": (
        CART_FILE,
        block("shop/cart.py", "class Cart:\n    ...\n        result = 0", "class Cart:\n    ...\n        result = 1"),
    ),
    "half a function": (
        CART_FILE,
        fenced('def total(self):\n    """The price of all items."""\n    result = 1\n    for each in self.items:'),
    ),
    "the first lines of a function": (
        CART_FILE,
        fenced("def total(self):\n    result = 1\n    for each in self.items:\n        result += each.price"),
    ),
    "a function that lost almost everything": (
        {"shop/cache.py": CACHE},
        fenced("def put(self, key, value):\n    self.last = key"),
    ),
    "a stub": (CART_FILE, fenced("def total(self):\n    ...")),
    "a stub with words": (CART_FILE, fenced("class Cart:\n    def total(self):\n        # ... unchanged ...")),
    "current code only": (CART_FILE, "The fault is here:\n\n" + fenced(TOTAL)),
    "an example of use": (CART_FILE, "For example:\n\n" + fenced("limit = 5\ncart = Cart([])\nprint(cart.total())")),
    "what not to do": (CART_FILE, "Do not write it like this:\n\n" + fenced(TOTAL_FIXED)),
    "what not to do, in words": (CART_FILE, "You should not change `return result - 1` to `return result`."),
    "what could be tempting": (
        FINDING_FILE,
        "It would be tempting to change `low = middle + 1` to `low = middle`, but that never ends.",
    ),
    "before and after the other way round": (
        CART_FILE,
        "Before:\n" + fenced(TOTAL_FIXED) + "\nAfter:\n" + fenced(TOTAL),
    ),
    "new first, then old": (
        FINDING_FILE,
        "Before:\n" + fenced("            low = middle + 2") + "\nAfter:\n" + fenced("            low = middle + 1"),
    ),
    "several options": (
        CART_FILE,
        "Option 1:\n" + fenced(TOTAL_FIXED) + "\nOption 2:\n" + fenced(TOTAL.replace("result - 1", "max(result, 0)")),
    ),
    "two versions of a function": (
        CART_FILE,
        fenced(TOTAL_FIXED) + "\nor\n" + fenced(TOTAL.replace("result - 1", "abs(result)")),
    ),
    "two blocks for the same lines": (
        CART_FILE,
        block("shop/cart.py", "        return result - 1", "        return result")
        + block("shop/cart.py", "        return result - 1", "        return -result"),
    ),
    "thoughts only": (
        CART_FILE,
        "<think>\n" + block("shop/cart.py", "        return result - 1", "        return result"),
    ),
    "a channel that is not the answer": (
        CART_FILE,
        "<|channel|>analysis<|message|>"
        + block("shop/cart.py", "        return result", "        return 0")
        + "<|end|><|start|>assistant<|channel|>final<|message|>I cannot tell.<|return|>",
    ),
    "line numbers that do not fit": (
        CART_FILE,
        "Replace line 3 of `shop/cart.py` with:\n\n" + fenced("        return result"),
    ),
    "line numbers without old lines": (
        FINDING_FILE,
        '{"path": "finding.py", "insert_line": 12, "new_str": "            low = 0"}',
    ),
    "a pure insertion without a place": (
        CART_FILE,
        fenced("@@ -30,0 +31,2 @@\n+        log(result)\n+        check(result)", "diff"),
    ),
    "a diff against other code": (
        CART_FILE,
        fenced("@@ -17,3 +17,3 @@\n     count = 0\n-    return count - 1\n+    return count", "diff"),
    ),
    "the code around a call": (
        CART_FILE,
        "The test calls it like this:\n\n" + fenced("cart = Cart([Item(1)])\nassert cart.total() == 1"),
    ),
    "a traceback": (
        CART_FILE,
        fenced(
            'Traceback (most recent call last):\n  File "shop/cart.py", line 19, in total\n    return result - 1\nAssertionError',
            "",
        ),
    ),
    "a new file": (CART_FILE, '<file path="shop/helpers.py">\ndef total(items):\n    return sum(items)\n</file>'),
    "words inside of another word": (FINDING_FILE, "Replace `iddle` with `x`."),
    "a test of the same name": (CART_FILE, fenced("def test_total():\n    assert Cart([]).total() == 0")),
    "quoted old code and advice": (
        {"shop/tax.py": TAX},
        "The line `return round(net * rate, 2)` is fine; the caller passes a wrong rate.",
    ),
    "new code that is no Python": (
        {"src/texts/slugs.py": SLUGS},
        fenced("def words(title: str) -> list[str]:\n    return [each for each in title.lower().split( if each]"),
    ),
    "nothing": ({"shop/stock.py": STOCK}, "I am sorry, I cannot help with that."),
}
CUT = {
    "inside of the new part": (
        CART_FILE,
        "shop/cart.py\n<<<<<<< SEARCH\n        return result - 1\n=======\n        return res",
    ),
    "inside of a fence": (
        CART_FILE,
        "shop/cart.py\n```python\ndef total(self):\n    return sum(each.price for each in self.items)",
    ),
    "inside of bare code": (CART_FILE, TOTAL_FIXED),
    "inside of a diff": (
        CART_FILE,
        "--- a/shop/cart.py\n+++ b/shop/cart.py\n@@ -18,2 +18,2 @@\n         result += each.price\n-        return result - 1\n+        return res",
    ),
    "inside of JSON": (
        CART_FILE,
        '[{"path": "shop/cart.py", "search": "        return result - 1", "replace": "        return resu',
    ),
    "inside of a tag": (
        CART_FILE,
        "<edit><path>shop/cart.py</path><search>        return result - 1</search><replace>        return resu",
    ),
    "inside of a patch": (
        CART_FILE,
        "*** Begin Patch\n*** Update File: shop/cart.py\n@@\n-        return result - 1\n+        return res",
    ),
    "inside of a sentence": (CART_FILE, "Change `return result - 1` to `return result`"),
}
