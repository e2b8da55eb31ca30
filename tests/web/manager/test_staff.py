"""A teacher says who is staff although the LMS calls them a student; and a licence lets assistants teach, or not."""

from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lti_tool import clock
from lti_tool.ledger import policies
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.holds import spend
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.refusals import InsufficientCredits
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.names_roles import RosterMember
from lti_tool.lti.platforms import Deployment
from lti_tool.lti.roles import Role
from lti_tool.members import roster
from lti_tool.members.people import Enrollment, Member, Person
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, bind, enroll, make_context, make_license, make_member
from tests.web import pages
from tests.web.conftest import Enter, School
from tests.web.pages import Page

STAFF = "/manager/members/staff"
ADD = "/manager/members/add"


def enrollment(books: Books, school: School, member_id: str) -> Enrollment:
    with books() as session:
        return session.get_one(Enrollment, (school.course, member_id))


def post_mark(
    client: FlaskClient, school: School, *members: str, standing: str = "staff", **changed: str
) -> TestResponse:
    """The form as a browser would send it, with the token of a page that this visit can open."""
    token = pages.get(client, f"{STAFF}?member={school.ada}").find("input", name="csrf_token")
    token = token or pages.get(client, f"{ADD}?only={school.ada}").find("input", name="csrf_token")
    fields = {"members": " ".join(members), "course": school.course, "standing": standing} | changed
    return client.post(STAFF, data=fields | {"csrf_token": token[0]["value"] if token else ""})


def let_assistants_teach(books: Books, school: School, teach: bool = True) -> None:
    with books() as session:
        session.get_one(License, school.license).assistants_teach = teach


def test_a_member_is_marked_as_staff_with_a_sentence_of_what_it_means(
    teacher: FlaskClient, school: School, books: Books
) -> None:
    form = pages.get(teacher, f"{STAFF}?member={school.ada}")
    assert "Mark Ada Łovelace as staff" in form.text
    assert "They receive no credits by themselves any more." in form.text
    assert "What they have received stays theirs." in form.text
    saved = pages.post(teacher, form.form(STAFF))
    assert saved.status_code == 303
    shown = pages.get(teacher, saved.headers["Location"])
    assert "Marked. They count as staff from now on" in shown.text
    assert "Ada Łovelace staff (marked)" in shown.text
    row = enrollment(books, school, school.ada)
    assert (row.is_marked_staff, row.role, row.launch_role) == (True, "ta", "learner")


def test_the_mark_is_taken_back_the_same_way(teacher: FlaskClient, school: School, books: Books) -> None:
    post_mark(teacher, school, school.ada)
    form = pages.get(teacher, f"{STAFF}?member={school.ada}")
    assert "Ada Łovelace: no longer staff" in form.text
    assert "They are a student again" in form.text
    saved = pages.post(teacher, form.form(STAFF))
    assert "Taken back." in pages.get(teacher, saved.headers["Location"]).text
    row = enrollment(books, school, school.ada)
    assert (row.is_marked_staff, row.role) == (False, "learner")


def test_who_is_marked_gets_no_bundle_by_themselves_and_keeps_what_they_received(
    teacher: FlaskClient, school: School, books: Books
) -> None:
    with books() as session:
        policies.save(session, school.license, EXPORT_CREDITS, maximum=10, based_on=0, actor=OPERATOR, now=clock.now())
        allot(session, school.license, EXPORT_CREDITS, member_ids=[school.ada], each=3, actor=OPERATOR, now=clock.now())
    post_mark(teacher, school, school.ada)
    assert school.account(school.ada).balance == 3
    with books() as session, pytest.raises(InsufficientCredits):  # R8, R12: a student's spend would add a bundle
        spend(session, school.license, EXPORT_CREDITS, school.ada, amount=4, actor=OPERATOR, now=clock.now())
    assert pages.post(teacher, pages.get(teacher, f"{ADD}?only={school.ada}").form(ADD), amount="2").status_code == 303
    assert school.account(school.ada).balance == 5


def read_roster(session: Session, school: School, *people: RosterMember) -> None:
    session.get_one(Context, school.course).memberships_url = "https://lms.test/members"
    session.flush()
    course = roster.course(session, school.course, now=clock.now())
    roster.apply(session, course, people, began_at=clock.now(), now=clock.now(), confirm=True)


def listed(session: Session, member_id: str, role: Role, *, active: bool = True) -> RosterMember:
    person = session.get_one(Person, session.get_one(Member, member_id).person_id)
    return RosterMember(person.subject, person.name, None, role, active=active)


def test_a_roster_read_keeps_the_mark(teacher: FlaskClient, school: School, books: Books) -> None:
    post_mark(teacher, school, school.ada)
    for _ in range(2):
        with books() as session:
            read_roster(session, school, listed(session, school.ada, Role.LEARNER))
        row = enrollment(books, school, school.ada)
        assert (row.is_marked_staff, row.role, row.roster_role) == (True, "ta", "learner")
    with books() as session:
        read_roster(session, school)
    assert not enrollment(books, school, school.ada).active
    with books() as session:
        read_roster(session, school, listed(session, school.ada, Role.LEARNER))
    row = enrollment(books, school, school.ada)
    assert (row.active, row.is_marked_staff, row.role) == (True, True, "ta")


def test_the_lmss_own_word_for_staff_weighs_more_than_the_mark(
    teacher: FlaskClient, school: School, books: Books
) -> None:
    post_mark(teacher, school, school.ada)
    with books() as session:
        read_roster(session, school, listed(session, school.ada, Role.TEACHER))
    assert enrollment(books, school, school.ada).role == "teacher"
    post_mark(teacher, school, school.ada, standing="student")
    assert enrollment(books, school, school.ada).role == "teacher"


def test_a_marked_visit_looks_and_ends_with_the_mark(
    teacher: FlaskClient, school: School, books: Books, enter: Enter
) -> None:
    post_mark(teacher, school, school.ada)
    marked = teacher.application.test_client()
    enter(marked, school.visit(school.ada, Role.TA))
    assert marked.get("/manager/members").status_code == 200
    assert marked.get(f"{ADD}?only={school.emmy}").status_code == 403
    post_mark(teacher, school, school.ada, standing="student")
    for path in ("/manager/", "/manager/members", "/student/"):
        assert marked.get(path).status_code == 401


@pytest.mark.parametrize("who", ["ta", "ada"])
def test_nobody_marks_themselves(who: str, client: FlaskClient, school: School, enter: Enter, books: Books) -> None:
    member_id = getattr(school, who)
    let_assistants_teach(books, school)
    enter(client, school.visit(member_id, Role.TA if who == "ta" else Role.LEARNER))
    assert post_mark(client, school, member_id).status_code == 403
    assert not enrollment(books, school, member_id).is_marked_staff


def test_a_teacher_cannot_take_their_own_mark_back(teacher: FlaskClient, school: School, books: Books) -> None:
    with books() as session:
        session.get_one(Enrollment, (school.course, school.teacher)).is_marked_staff = True
    refused = post_mark(teacher, school, school.teacher, standing="student")
    assert refused.status_code == 422
    assert "You cannot say of yourself" in Page(refused).text
    assert enrollment(books, school, school.teacher).is_marked_staff


@pytest.mark.parametrize("role", [Role.TA, Role.DESIGNER, Role.ADMIN, Role.LEARNER, Role.OBSERVER])
def test_only_teachers_mark(role: Role, client: FlaskClient, school: School, enter: Enter, books: Books) -> None:
    let_assistants_teach(books, school)
    enter(client, school.visit(school.ta, role))
    assert client.get(f"{STAFF}?member={school.ada}").status_code == 403
    assert post_mark(client, school, school.ada).status_code == 403
    assert not enrollment(books, school, school.ada).is_marked_staff


def test_ids_of_another_course_or_license_are_refused_whole(teacher: FlaskClient, school: School, books: Books) -> None:
    with books() as session:
        deployment = session.get_one(Deployment, school.deployment)
        elsewhere = make_context(session, deployment, title="Chemistry")
        license_ = session.get_one(License, school.license)
        bind(session, license_, context=elsewhere)
        colleague = make_member(session, license_, elsewhere, name="Somebody Else").id
        foreign_course = make_context(session, title="Foreign")
        foreign = make_member(session, make_license(session, context=foreign_course), foreign_course).id
        courses = (elsewhere.id, foreign_course.id)
    for members in ((colleague,), (school.ada, foreign), (school.ada, "nonsense"), ()):
        refused = post_mark(teacher, school, *members)
        assert refused.status_code == 422
        assert "Somebody Else" not in refused.text
    for course, member in zip(courses, (colleague, foreign), strict=True):
        assert post_mark(teacher, school, member, course=course).status_code == 422
    for course in (*courses, "nonsense", ""):
        assert post_mark(teacher, school, school.ada, course=course).status_code == 422
    for member in (school.ada, colleague):
        with books() as session:
            rows = session.query(Enrollment).where(Enrollment.member_id == member).all()
        assert not any(row.is_marked_staff for row in rows)


def test_a_form_without_the_visits_token_marks_nobody(teacher: FlaskClient, school: School, books: Books) -> None:
    fields = {"members": school.ada, "course": school.course, "standing": "staff"}
    assert teacher.post(STAFF, data=fields).status_code == 400
    assert not enrollment(books, school, school.ada).is_marked_staff


def test_a_mark_is_for_one_course(teacher: FlaskClient, school: School, books: Books) -> None:
    with books() as session:
        second = make_context(session, session.get_one(Deployment, school.deployment), title="Chemistry")
        bind(session, session.get_one(License, school.license), context=second)
        for member, role in ((school.teacher, Role.TEACHER), (school.ada, Role.LEARNER)):
            enroll(session, session.get_one(Member, member), second, role=role)
        second_id = second.id
    page = pages.get(teacher, f"{STAFF}?member={school.ada}")
    assert "In which course? Biology 9 Chemistry" in page.text
    unchosen = pages.post(teacher, page.form(STAFF))
    assert unchosen.status_code == 422
    assert "Choose the course." in Page(unchosen).text
    assert pages.post(teacher, page.form(STAFF), course=second_id).status_code == 303
    assert not enrollment(books, school, school.ada).is_marked_staff
    with books() as session:
        assert session.get_one(Enrollment, (second_id, school.ada)).is_marked_staff


def test_nobody_picked_or_only_staff_is_said(teacher: FlaskClient, school: School) -> None:
    for query, says in (
        ("", "Pick at least one person in the list."),
        (f"member={school.ta}", "Pick somebody whom your LMS calls a student."),
        (f"member={school.teacher}", "You cannot say of yourself whether you are staff."),
        (urlencode([("member", str(number)) for number in range(60)]), "Pick at most 50 people."),
    ):
        answer = teacher.get(f"{STAFF}?{query}")
        assert answer.status_code == 422
        assert says in Page(answer).text


def test_the_mark_and_the_setting_are_logged_with_who_made_them(
    teacher: FlaskClient, school: School, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    post_mark(teacher, school, school.ada)
    set_assistants(teacher, on=True)
    said = caplog.text
    assert f"member {school.ada} of course {school.course} marked_staff=True by member {school.teacher}" in said
    assert f"license {school.license} assistants_teach=True by person {school.teacher_person}" in said


def set_assistants(client: FlaskClient, *, on: bool) -> TestResponse:
    form = pages.get(client, "/manager/settings").form("/manager/settings/assistants")
    form.fields = [field for field in form.fields if field[0] != "assistants_teach"]
    return pages.post(client, form, **({"assistants_teach": "1"} if on else {}))


def test_assistants_teach_while_the_setting_says_so_and_not_a_request_longer(
    teacher: FlaskClient, school: School, enter: Enter
) -> None:
    assistant = teacher.application.test_client()
    enter(assistant, school.visit(school.ta, Role.TA))
    assert assistant.get(f"{ADD}?only={school.ada}").status_code == 403
    saved = set_assistants(teacher, on=True)
    assert "Assistants may now do what teachers may." in pages.get(teacher, saved.headers["Location"]).text
    form = pages.get(assistant, f"{ADD}?only={school.ada}").form(ADD)
    assert pages.post(assistant, form, amount="4").status_code == 303
    assert school.account(school.ada).balance == 4
    for path in ("/manager/settings", "/manager/history", "/manager/purchase"):
        assert assistant.get(path).status_code == 403  # the licence stays with its managers (R24)
    set_assistants(teacher, on=False)
    assert pages.post(assistant, form, amount="4").status_code == 403
    assert school.account(school.ada).balance == 4
    assert "Add credits for" not in assistant.get("/manager/members").text


def test_an_assistant_who_teaches_reaches_only_courses_that_they_help_in(
    client: FlaskClient, school: School, enter: Enter, books: Books
) -> None:
    let_assistants_teach(books, school)
    with books() as session:
        other = make_context(session, session.get_one(Deployment, school.deployment), title="Chemistry")
        license_ = session.get_one(License, school.license)
        bind(session, license_, context=other)
        stranger = make_member(session, license_, other).id
    enter(client, school.visit(school.ta, Role.TA))
    form = pages.get(client, f"{ADD}?only={school.ada}").form(ADD)
    assert pages.post(client, form, members=stranger).status_code == 422
    assert school.account(stranger).balance == 0


def test_a_teacher_gives_in_a_course_that_they_only_help_in_if_assistants_teach(
    teacher: FlaskClient, school: School, books: Books
) -> None:
    with books() as session:
        other = make_context(session, session.get_one(Deployment, school.deployment), title="Chemistry")
        license_ = session.get_one(License, school.license)
        bind(session, license_, context=other)
        enroll(session, session.get_one(Member, school.teacher), other, role=Role.TA)
        helped = make_member(session, license_, other).id
    form = pages.get(teacher, f"{ADD}?only={school.ada}").form(ADD)
    assert pages.post(teacher, form, members=helped).status_code == 422
    let_assistants_teach(books, school)
    assert pages.post(teacher, form, members=helped).status_code == 303


def test_the_setting_of_one_license_lets_nobody_of_another_teach(
    client: FlaskClient, school: School, enter: Enter, books: Books
) -> None:
    with books() as session:
        make_license(session).assistants_teach = True
    enter(client, school.visit(school.ta, Role.TA))
    assert client.get(f"{ADD}?only={school.ada}").status_code == 403


@pytest.mark.parametrize("role", [Role.DESIGNER, Role.ADMIN, Role.LEARNER, Role.OBSERVER])
def test_the_setting_is_for_assistants_alone(
    role: Role, client: FlaskClient, school: School, enter: Enter, books: Books
) -> None:
    let_assistants_teach(books, school)
    enter(client, school.visit(school.ta, role))
    assert client.get(f"{ADD}?only={school.ada}").status_code == 403


def test_only_managers_switch_it(client: FlaskClient, school: School, enter: Enter, books: Books) -> None:
    let_assistants_teach(books, school, False)
    for visit in (school.visit(school.ta, Role.TA), school.visit(school.teacher, Role.TEACHER)):
        enter(client, visit)
        assert client.post("/manager/settings/assistants", data={"assistants_teach": "1"}).status_code == 403
    with books() as session:
        assert not session.get_one(License, school.license).assistants_teach
