"""`creditroll license`, as docs/operator/first-license.md describes it."""

from tests.cli.conftest import CLIENT, ISSUER, Run, add_platform
from tests.conftest import Books
from tests.factories import make_person

FIGURES = {
    "resource": "export-credits",
    "unit": "credit",
    "bundle": 5,
    "max_per_member": 0,
    "issued": 250,
    "pool": 250,
    "allotted": 0,
    "available": 0,
    "held": 0,
    "used": 0,
}


def create(run: Run, *more: str) -> dict[str, str]:
    """A licence of 250 credits."""
    done = run("license", "create", "--name", "Springfield High", "--credits", "250", *more, "--json")
    assert done.code == 0, done.err
    made: dict[str, str] = done.json
    return made


def test_a_license_is_created_with_credits_for_a_whole_deployment(run: Run) -> None:
    add_platform(run)
    made = create(run, "--deployment", ISSUER, CLIENT, "d1")
    bound = {"issuer": ISSUER, "client_id": CLIENT, "deployment_id": "d1", "context_id": None, "title": None}
    assert made == {
        "id": made["id"],
        "name": "Springfield High",
        "resources": [FIGURES],
        "code": made["code"],
        "bindings": [bound],
        "assistants_teach": False,
        "is_trusted": False,
        "export_service": None,
    }
    assert run("license", "show", made["id"], "--json").json == made
    assert run("license", "list", "--json").json == [made]
    [platform] = run("platform", "list", "--json").json
    assert platform["deployments"] == [{"deployment_id": "d1", "status": "active", "license": made["id"]}]


def test_one_course_can_be_bound_before_anybody_opened_it(run: Run) -> None:
    add_platform(run, "--deployment-id", "d1")
    made = create(run)
    bound = run("license", "bind", made["id"], "--deployment", ISSUER, CLIENT, "d1", "--context", "c7", "--json").json
    assert bound["bindings"] == [
        {"issuer": ISSUER, "client_id": CLIENT, "deployment_id": "d1", "context_id": "c7", "title": None}
    ]
    assert run("license", "bind", made["id"], "--deployment", ISSUER, CLIENT, "d1", "--context", "c7").code == 0


def test_a_course_belongs_to_one_license(run: Run) -> None:
    add_platform(run)
    create(run, "--deployment", ISSUER, CLIENT, "d1")
    second = run("license", "create", "--name", "B", "--credits", "5", "--deployment", ISSUER, CLIENT, "d1")
    assert second.code == 1
    assert "another license" in second.err
    assert len(run("license", "list", "--json").json) == 1, "a refused command leaves nothing behind"


def test_granting_adds_to_the_pool(run: Run) -> None:
    made = create(run)
    granted = run("license", "grant", made["id"], "--credits", "50", "--note", "Spring term", "--json").json
    assert (granted["resources"][0]["issued"], granted["resources"][0]["pool"]) == (300, 300)


def test_granting_another_resource_opens_its_pool(run: Run) -> None:
    made = create(run)
    granted = run("license", "grant", made["id"], "--credits", "60", "--resource", "phone-minutes", "--json").json
    assert {one["resource"]: one["pool"] for one in granted["resources"]} == {
        "export-credits": 250,
        "phone-minutes": 60,
    }


def test_a_person_who_launched_can_be_named_manager(run: Run, books: Books) -> None:
    platform = add_platform(run)
    with books() as session:
        make_person(session, platform["id"], subject="teacher-1")
    made = create(run)
    assert run("license", "managers", made["id"], "--add", ISSUER, CLIENT, "teacher-1").code == 0
    unknown = run("license", "managers", made["id"], "--add", ISSUER, CLIENT, "teacher-2")
    assert unknown.code == 1
    assert "teacher-2" in unknown.err


def test_a_license_is_trusted_until_it_no_longer_is(run: Run) -> None:
    made = create(run)
    assert "credited when you approve them" in run("license", "show", made["id"]).out
    for _ in range(2):
        assert run("license", "trust", made["id"], "--json").json == made | {"is_trusted": True}
    assert "credited at once" in run("license", "show", made["id"]).out
    assert run("license", "trust", made["id"], "--no", "--json").json == made
    unknown = run("license", "trust", "nothing")
    assert (unknown.code, unknown.out, unknown.err.count("\n")) == (1, "", 1)


def test_people_see_the_figures(run: Run) -> None:
    made = create(run)
    assert "issued 250, pool 250, allotted 0, used 0, maximum per student off" in run("license", "show", made["id"]).out


def test_what_cannot_be_is_refused_in_one_line(run: Run) -> None:
    made = create(run)
    for refused in (
        run("license", "show", "nothing"),
        run("license", "create", "--name", " ", "--credits", "5"),
        run("license", "create", "--name", "x", "--credits", "5", "--resource", "gold"),
        run("license", "create", "--name", "x", "--credits", "5", "--deployment", "https://who.test", "c", "d"),
        run("license", "grant", made["id"], "--credits", "9999999999999"),
    ):
        assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)


def test_wrong_usage_exits_with_2(run: Run) -> None:
    made = create(run)
    assert run("license", "create", "--name", "x", "--credits", "-1").code == 2
    assert run("license", "create", "--name", "x", "--credits", "5", "--context", "c7").code == 2
    assert run("license", "bind", made["id"]).code == 2


def test_students_are_led_to_an_exporting_service_until_it_is_removed(run: Run) -> None:
    made = create(run)
    said = ("--label", "Export my film", "--url", "https://films.example.org/in")
    shown = run("license", "export-service", made["id"], *said, "--json").json
    assert shown["export_service"] == {"label": "Export my film", "url": "https://films.example.org/in"}
    assert "students export at https://films.example.org/in" in run("license", "show", made["id"]).out
    assert run("license", "export-service", made["id"], "--remove", "--json").json["export_service"] is None


def test_an_exporting_service_that_no_form_may_go_to_is_refused(run: Run) -> None:
    made = create(run)
    refused = run("license", "export-service", made["id"], "--label", "Export", "--url", "http://films.example.org/")
    assert (refused.code, refused.err.strip()) == (1, "creditroll: It must begin with https://.")
    assert run("license", "export-service", "none", "--remove").code == 1
    for half in (("--label", "Export"), ("--url", "https://films.example.org/"), (), ("--remove", "--label", "Export")):
        assert run("license", "export-service", made["id"], *half).code == 2
