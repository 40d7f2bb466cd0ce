"""Every case of the documentation has its module and a test that is named after it."""

import importlib
from pathlib import Path

import gridmap.load
from gridmap.load.checks import CASES
from gridmap.load.problems import PROBLEMS


def test_every_case_has_its_module_and_its_test():
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_cases_*.py"))
    assert [case.number for case in CASES] == list(range(1, 21))
    for case in CASES:
        importlib.import_module(f"gridmap.load.checks.{case.module}")
        assert f"def test_case_{case.number:02}_{case.module}" in tests, case


def test_every_sentence_is_said_somewhere():
    folder = Path(gridmap.load.__file__).parent
    files = [
        path for path in [*folder.rglob("*.py"), folder.parent / "commands" / "load.py"] if path.name != "problems.py"
    ]
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [code for code in PROBLEMS if f'"{code}"' not in source] == []
