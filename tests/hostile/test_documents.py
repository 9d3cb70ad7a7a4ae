from contextlib import suppress

import pytest

from collectors.sources.formats.documents import Format, UnparseableError, parse
from collectors.sources.limits import Limits
from tests.counting import ends

FORMATS: tuple[Format, ...] = ("json", "toml", "yaml")


def refused(data: bytes, format: Format) -> UnparseableError:
    with pytest.raises(UnparseableError) as raised, ends():
        parse(data, format)
    return raised.value


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\0" * 4096])
def test_nothing_at_all_is_called_empty(data: bytes, format: Format) -> None:
    assert refused(data, format).code == "parse.empty"


def test_a_yaml_file_of_comments_is_empty() -> None:
    assert refused(b"# nothing\n", "yaml").code == "parse.empty"


@pytest.mark.parametrize("format", FORMATS)
def test_bytes_that_are_no_text_are_told_by_line(format: Format) -> None:
    error = refused(b'{"a": 1,\n"b": "\xff\xc3"}', format)
    assert (error.code, error.line) == ("parse.encoding", 2)
    assert refused(b"\xff\xfe{\x00}", format).code == "parse.encoding"
    assert refused(b"\x7fELF\x02\x01\x01\0\0\0\xd0\xff", format).code == "parse.encoding"


@pytest.mark.parametrize("format", FORMATS)
def test_merge_conflict_markers_are_told_by_line(format: Format) -> None:
    start = {"json": '{\n"a": 1,\n', "toml": "a = 1\nb = 1\n", "yaml": "a: 1\nb: 1\n"}[format]
    text = f"{start}<<<<<<< HEAD\n=======\n>>>>>>> theirs\n"
    error = refused(text.encode(), format)
    assert (error.code, error.line) == ("parse.conflict", 3)


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("json", "[" * 100_000),
        ("json", '{"a":' * 100_000),
        ("json", "[" * 100_000 + "]" * 100_000),
        ("json", "// jsonc\n" + "[" * 100_000),
        ("json", "[" * 300 + "]" * 300),
        ("toml", "a = " + "[" * 100_000),
        ("toml", "a = " + "{a = " * 100_000),
        ("toml", "a" + ".a" * 100_000 + " = 1"),
        ("toml", "[a" + ' . "a"' * 100_000 + "]"),
        ("toml", 'x = [{a = """\n"""", b' + ".a" * 100_000 + " = 1}]"),
        ("toml", "a = " + "[" * 300 + "]" * 300),
        ("yaml", "[" * 100_000),
        ("yaml", "{a: " * 100_000),
        ("yaml", "- " * 100_000),
        ("yaml", "? " * 100_000),
        ("yaml", "[" * 300 + "]" * 300),
        ("yaml", "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 300))),
    ],
)
def test_what_is_nested_too_deeply_is_refused_quickly(format: Format, text: str) -> None:
    assert refused(text.encode(), format).code == "parse.too_deep"


@pytest.mark.parametrize("format", FORMATS)
def test_the_depth_limit_is_exact(format: Format) -> None:
    def nested(depth: int) -> bytes:
        start, value = {"json": ("", depth), "toml": ("a = ", depth - 1), "yaml": ("", depth)}[format]
        return f"{start}{'[' * value}{']' * value}".encode()

    parse(nested(10), format, Limits(depth=10))
    with pytest.raises(UnparseableError, match="too_deep"):
        parse(nested(11), format, Limits(depth=10))


def test_brackets_inside_strings_are_no_depth() -> None:
    assert parse(b'{"a": "' + b"[" * 1_000 + b'"}', "json").value == {"a": "[" * 1_000}


def test_aliases_cannot_multiply() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
    )
    assert refused(bomb.encode(), "yaml").code == "parse.too_large"
    merges = (
        "a: &a {"
        + ", ".join(f"k{i}: 1" for i in range(1_000))
        + "}\n"
        + "".join(f"b{i}: {{<<: *a}}\n" for i in range(1_000))
    )
    assert refused(merges.encode(), "yaml").code == "parse.too_large"
    assert refused(b"&a [*a]", "yaml").code == "parse.yaml"
    assert refused(b"[*nope]", "yaml").code == "parse.yaml"


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("yaml", "".join(f"%TAG !a{i}! x\n" for i in range(100_000)) + "--- 1"),
        ("yaml", "a: 1" + ":1" * 500_000),
        ("yaml", "[" * 199 + "[]," * 300_000),
        ("yaml", "- x\n" * 400_000),
        ("toml", "".join("a" + ".a" * 30 + f".b{i} = 1\n" for i in range(25_000))),
        ("toml", 'x = "' + '\\"' * 900_000 + '"'),
        ("toml", "x = '''" + '"' * 1_000_000 + "." * 500_000 + "'''"),
        ("json", "[" + "/**/" * 1_000_000),
        ("json", "[],"),
        ("json", "[" + "[]," * 3_000_000),
        ("json", '"' * 5_000_000),
    ],
)
def test_no_text_costs_much_more_than_its_size(format: Format, text: str) -> None:
    with suppress(UnparseableError), ends():
        parse(text.encode(), format)


def test_long_texts_with_many_dots_are_no_long_keys() -> None:
    text = 'a = ["' + "x.y." * 40 + "\", '" + "x." * 40 + '\']\nb = """\n' + "www.a. " * 40 + '\n"""\n# ' + "c." * 40
    assert set(parse(text.encode(), "toml").value) == {"a", "b"}


def test_no_message_quotes_the_content() -> None:
    secret = "hunter2"
    broken = {
        "json": (f'{{"{secret}": {secret}}}', f'{{"a": "\\x{secret}"}}', f"{{{secret}: 1}}", f"// {secret}"),
        "toml": (f"{secret}", f"a = {secret}", f"[{secret}]\n[{secret}]", f"{secret}=1\n{secret}=2", f'a="\\{secret}"'),
        "yaml": (
            f"a: *{secret}",
            f"{secret}: : [",
            f"a: '{secret}",
            f"%{secret}\n{{",
            f"a: !{secret}! x",
            f"\t{secret}: [",
        ),
    }
    for format in FORMATS:
        for text in broken[format]:
            error = refused(text.encode(), format)
            assert secret not in f"{error} {error.message} {error!r}"
            assert error.__cause__ is None and (error.__suppress_context__ or error.__context__ is None)
