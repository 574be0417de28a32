"""Files under 400 lines, functions under 50, nothing called utils."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TREES = ("cases", "workflows", "notifications", "config", "tests")
SUFFIXES = {".py", ".html", ".css", ".js"}
EXEMPT = ("migrations", "locale")
FORBIDDEN = {"utils", "helpers", "common", "manager", "handler", "misc"}


def sources(suffixes: set[str] = SUFFIXES) -> list[Path]:
    found = [p for tree in TREES for p in (ROOT / tree).rglob("*") if p.suffix in suffixes]
    return [p for p in found if not set(EXEMPT) & set(p.parts) and "__pycache__" not in p.parts]


def test_no_file_is_longer_than_400_lines() -> None:
    long = {str(p.relative_to(ROOT)): n for p in sources() if (n := len(p.read_text().splitlines())) > 400}
    assert long == {}


def test_no_function_is_longer_than_50_lines() -> None:
    long = []
    for path in sources({".py"}):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > 50:
                    long.append(f"{path.relative_to(ROOT)}:{node.name} {length}")
    assert long == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [p for p in sources({".py"}) if p.stem in FORBIDDEN] == []


@pytest.mark.parametrize(
    "path", [p for p in sources({".py"}) if "tests" not in p.parts], ids=lambda p: str(p.relative_to(ROOT))
)
def test_every_module_says_what_it_owns(path: Path) -> None:
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "a module needs a one-line docstring"


def test_nothing_of_one_machine_is_committed() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()  # noqa: S607
    wrong = [name for name in listed if name.endswith((".sqlite3", ".pyc", ".env", ".xlsx")) or name == ".env"]
    assert wrong == []
