"""Which names an expression needs from outside: `!` is certain to be missed, `()` is called."""

import ast

import pytest

from rrq_core.payload.names_in_source import names_in_source

CASES = {
    "f(a, b)": "f()! a! b!",
    "g(f)": "g()! f!",
    "statistics.mean(x)": "statistics()! x!",
    "f(*a, **k)": "f()! a! k!",
    "f'{x:{w}} {y!r}'": "x! w! y!",
    "a.b.c = 3\na[i] = j": "a! j! i!",
    "d[k] += 1": "d! k!",
    "await f(x)": "f()! x!",
    # What is assigned before it is read stays inside.
    "x = 1\nf(x)": "f()!",
    "a = a + 1\na": "a!",
    "a += 1": "a!",
    "(y := f(x)) + y": "f()! x!",
    "import a.b as c, d.e\nc + d": "",
    "from m import *\nsin(pi)": "sin() pi",
    "x: int = 3\nx": "int!",
    "x: T\nx": "T! x!",
    "del a\na": "a!",
    "a = 1\ndel a\na": "a",
    # Of branches, one is taken.
    "if c: x = 1\nx": "c! x",
    "if c: x = 1\nelse: x = 2\nx": "c!",
    "yy if (yy := f()) else zz": "f()! zz!",
    "c and (x := 1)\nx": "c! x",
    "1 < c < (x := 1)\nx": "c! x",
    "for i in xs:\n  if i: p(prev)\n  prev = i": "xs! p()! prev",
    "for i in xs: pass\ni": "xs! i",
    "for total in xs: total = total + n": "xs! n!",
    "while t():\n  x = 1\nelse:\n  y = 2\nx + y": "t()! x y",
    "try:\n  y = f()\nexcept E as e:\n  y = e\ny": "f()! E!",
    "try:\n  y = f()\nexcept E:\n  pass\nfinally:\n  z = y\nz": "f()! E! y",
    "with open(p) as h:\n  d = h.read()\nh, d": "open()! p! d",
    "match p:\n  case [x, *r] if x > lo: x + r\n  case {'k': v, **w}: v, w\n  case C(z=q): q": "p! lo! C!",
    # Scopes.
    "[f(i) for i in xs if i > lo]": "xs! lo! f()!",
    "[i + j for i in xs for j in i]": "xs!",
    "[last := i for i in xs]\nlast": "xs! last",
    "x = [x for x in x]": "x!",
    "{k: v for k, v in d.items()}": "d()!",
    "lambda q, r=s: q + r + z": "s! z!",
    "(f(i) for i in x)\nf = 3": "x! f()",
    "def f(n):\n  return n * f(n - 1) + k\nf(3)": "k!",
    "def even(n): return odd(n - 1)\ndef odd(n): return even(n - 1)\neven(3)": "odd()",
    "def f(a, *b, c, **d):\n  e = a, b, c, d\n  return e": "",
    "def f():\n  if 0: x = 1\n  return x\nf()": "",
    "def f():\n  for i in y: z = i\nz": "y! z!",
    "def f(x=d0, *, y: T=e0) -> R: ...": "d0! e0! T! R!",
    "@dec\ndef f(): ...": "dec()!",
    "@dec(a)\nclass C: ...": "dec()! a!",
    "def g():\n  global h\n  h = 3\ng()\nh": "h",
    "def g():\n  x = 1\n  def h():\n    nonlocal x\n    x = 2\n  return h": "",
    "class A(B, metaclass=M):\n  x = x\n  y = x\n  def m(self): return x, __class__\nA": "B! M! x!",
    "class A:\n  x = 1\n  y = [x for i in x]": "x!",
}  # fmt: skip


@pytest.mark.parametrize("source", CASES)
def test_needed_names_are_found(source: str) -> None:
    needs = names_in_source(ast.parse(source)).items()
    found = [f"{name}{'()' * need.is_called}{'!' * need.is_certain}" for name, need in needs]
    assert " ".join(found) == CASES[source]
