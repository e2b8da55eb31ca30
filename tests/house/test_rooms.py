"""Rooms import in one direction only, as the architecture's table says."""

from pathlib import Path

from tests.house.sources import PACKAGE, imports, name, product

DOMAIN = frozenset({"ledger", "lti", "licenses", "members", "purchasing", "webhooks", "alerts"})
MAY_IMPORT = {
    "ledger": frozenset[str](),
    "lti": frozenset[str](),
    "licenses": frozenset({"ledger", "lti"}),
    "members": frozenset({"licenses", "ledger", "lti"}),
    "purchasing": frozenset({"licenses", "ledger"}),
    "webhooks": frozenset({"licenses", "ledger"}),
    "alerts": frozenset({"members", "licenses", "ledger", "lti"}),
    "web": DOMAIN | {"jobs", "postman", "sweeper"},
    "postman": frozenset({"webhooks"}),
    "mailer": frozenset({"alerts"}),
    "sweeper": DOMAIN,
    "auditor": frozenset({"ledger", "purchasing"}),
    "jobs": DOMAIN | {"postman", "mailer", "sweeper", "auditor"},
    "app": DOMAIN | {"web", "jobs"},
    "cli": DOMAIN | {"app", "jobs", "postman"},
    "demo": frozenset[str](),
    "simulation": DOMAIN | {"app"},
    "migrations": frozenset[str](),
}
ONE_COMMANDS = {"lti_tool/cli/demo.py": "demo", "lti_tool/cli/simulate.py": "simulation"}
"""Rooms that nothing but one command imports."""
SPEAKS_FLASK = frozenset({"web", "app", "cli", "demo"})


def room(module: str) -> str:
    """The room of a module: its folder in the package, or for a root module its own name."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "lti_tool"


def room_of(path: Path) -> str:
    """The room that the file is in."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def is_root_module(one: str) -> bool:
    """Whether the room is a module of its own beside the folders, for anybody to use."""
    return one not in MAY_IMPORT


def test_a_file_imports_only_what_its_room_may() -> None:
    faults = []
    for path in product():
        here = room_of(path)
        allowed = MAY_IMPORT.get(here, frozenset())
        if name(path) in ONE_COMMANDS:
            allowed = allowed | {ONE_COMMANDS[name(path)]}
        for module in imports(path):
            there = room(module)
            is_ours = module.split(".")[0] == "lti_tool"
            if is_ours and there != here and not is_root_module(there) and there not in allowed:
                faults.append(f"{name(path)} imports {module}")
    assert faults == []


def test_a_page_never_imports_another_rooms_pages() -> None:
    faults = []
    for path in (PACKAGE / "web").rglob("*.py"):
        inside = path.relative_to(PACKAGE / "web").parts
        mine = inside[0] if len(inside) > 1 else None
        for module in imports(path):
            parts = module.split(".")
            is_a_room = parts[:2] == ["lti_tool", "web"] and len(parts) > 2 and (PACKAGE / "web" / parts[2]).is_dir()
            if is_a_room and parts[2] != mine:
                faults.append(f"{name(path)} imports {module}")
    assert faults == []


def test_flask_stays_at_the_edges_and_pylti1p3_in_its_room() -> None:
    faults = []
    for path in product():
        here = room_of(path)
        for module in imports(path):
            package = module.split(".")[0]
            if package == "flask" or package.startswith(("flask_", "werkzeug")):
                is_home = here in SPEAKS_FLASK or (here == "db" and package == "flask_sqlalchemy")
            else:
                is_home = package != "pylti1p3" or here == "lti"
            if not is_home:
                faults.append(f"{name(path)} imports {module}")
    assert faults == []
