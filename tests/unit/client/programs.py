"""Random programs of a small grammar, which use every way of Python to bind and to read a name."""

from textwrap import indent

from hypothesis import strategies as st

SURROUNDINGS = {"a": 3, "b": [1, 2], "c": "word", "k": 0}
READ = st.sampled_from([*SURROUNDINGS, "x", "y", "g"])
BOUND = st.sampled_from(["a", "b", "k", "x", "y", "g"])

Source = st.SearchStrategy[str]


def _made(template: str, **parts: Source) -> Source:
    """Fill a template with random parts."""
    return st.fixed_dictionaries(parts).map(lambda found: template.format(**found))


ATOMS: Source = READ | st.integers(0, 3).map(str) | st.sampled_from(["[]", "'s'", "(1, 2)", "None"])


def _larger_expressions(inner: Source) -> Source:
    return st.one_of(
        _made("({p} + {q})", p=inner, q=inner),
        _made("({p} // {q})", p=inner, q=inner),
        _made("({p} == {q})", p=inner, q=inner),
        _made("({p} < {q} < {r})", p=inner, q=inner, r=inner),
        _made("({p} and {q} or {r})", p=inner, q=inner, r=inner),
        _made("({p} if {q} else {r})", p=inner, q=inner, r=inner),
        _made("({n} := {p})", n=BOUND, p=inner),
        _made("[{p} for {n} in [{q}, {r}] if {s}]", n=BOUND, p=inner, q=inner, r=inner, s=inner),
        _made("sum({p} for {n} in [{q}])", n=BOUND, p=inner, q=inner),
        _made("{{{p}: {q} for {n}, k in [(1, {r})]}}", n=BOUND, p=inner, q=inner, r=inner),
        _made("(lambda {n}, *rest: {p})({q}, {r})", n=BOUND, p=inner, q=inner, r=inner),
        _made("len(f'{{{p}}} {{{q}!r}}')", p=READ, q=READ),
        _made("max(*[{p}, {q}])", p=inner, q=inner),
        _made("{n}[{p}]", n=READ, p=inner),
        _made("{n}({p})", n=st.sampled_from(["g", "abs", "len", "twice"]), p=inner),
    )


EXPRESSIONS: Source = st.recursive(ATOMS, _larger_expressions, max_leaves=6)


def _block(lines: list[str]) -> str:
    return indent("\n".join(lines), "    ")


def _larger_statements(inner: Source) -> Source:
    block = st.lists(inner, min_size=1, max_size=3).map(_block)
    return st.one_of(
        _made("if {p}:\n{b}\nelse:\n{d}", p=EXPRESSIONS, b=block, d=block),
        _made("for {n} in [{p}, {q}]:\n{b}", n=BOUND, p=EXPRESSIONS, q=EXPRESSIONS, b=block),
        _made("for {n} in []:\n{b}", n=BOUND, b=block),
        _made("try:\n{b}\nexcept TypeError as {n}:\n{d}", n=BOUND, b=block, d=block),
        _made("try:\n{b}\nfinally:\n{d}", b=block, d=block),
        _made("with suppress(TypeError, NameError) as {n}:\n{b}", n=BOUND, b=block),
        _made("def g({n}={p}):\n{b}\n    return {q}", n=BOUND, p=EXPRESSIONS, b=block, q=EXPRESSIONS),
        _made("@twice_over\ndef g({n}):\n    global {m}\n    {m} = {p}\n    return {q}",
              n=st.just("z"), m=BOUND, p=EXPRESSIONS, q=EXPRESSIONS),
        _made("class g:\n{b}\n    def __len__(self): return {p}", b=block, p=EXPRESSIONS),
        _made("match {p}:\n    case [{n}, *y]:\n    {b}\n    case str({m}):\n    {d}", p=EXPRESSIONS, n=st.just("x"),
              m=BOUND, b=block.map(lambda text: indent(text, "    ")), d=block.map(lambda text: indent(text, "    "))),
    )  # fmt: skip


STATEMENTS: Source = st.recursive(
    st.one_of(
        EXPRESSIONS,
        _made("{n} = {p}", n=BOUND, p=EXPRESSIONS),
        _made("{n} += {p}", n=BOUND, p=EXPRESSIONS),
        _made("{n}, *{m} = {p}", n=st.just("x"), m=st.just("y"), p=EXPRESSIONS),
        _made("del {n}", n=BOUND),
    ),
    _larger_statements,
    max_leaves=5,
)

PROGRAMS: Source = st.lists(STATEMENTS, min_size=1, max_size=4).map("\n".join)
