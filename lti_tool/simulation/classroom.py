"""What people do in class: they come by launches, leave and return by the roster, and teachers hand out and decide."""

from datetime import datetime

from lti_tool.lti.roles import Role
from lti_tool.simulation.model import Shares
from lti_tool.simulation.scene import Scene
from lti_tool.simulation.school import COURSES, TEACHER


class Classroom:
    """The courses as the LMS has them, which is not always how the tool knows them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._lists: dict[str, set[str]] = {course: {TEACHER} for course in COURSES}
        self._launched: dict[tuple[str, str], datetime] = {}
        self._pupils = 0
        self._forms: list[tuple[Shares, str]] = []

    def begin(self, pupils: int) -> None:
        """The first day: a license, a class, and a teacher who comes first."""
        self.grant()
        for course in COURSES:
            self._launch(TEACHER, course, learns=False)
        for _ in range(pupils):
            self.enroll()

    def enroll(self) -> None:
        """The LMS has a new pupil, of whom the tool will hear."""
        self._pupils += 1
        courses = self._scene.chance.choice((COURSES[:1], COURSES[:1], COURSES[1:], COURSES))
        for course in courses:
            self._lists[course].add(f"pupil-{self._pupils:03}")
        self._scene.doing = f"pupil-{self._pupils:03} is enrolled in {', '.join(courses)}"

    def leave(self) -> None:
        """Some pupils leave a course; now and then most of them, as when an LMS sends a broken list."""
        chance = self._scene.chance
        course = chance.choice(COURSES)
        pupils = sorted(self._lists[course] - {TEACHER})
        share = chance.choice((0.1, 0.1, 0.1, 0.7))
        self._lists[course] -= set(chance.sample(pupils, int(len(pupils) * share)))
        self._scene.doing = f"some leave {course}"

    def come_back(self) -> None:
        """Somebody is in a course again, or in another one."""
        chance = self._scene.chance
        course, pupil = chance.choice(COURSES), f"pupil-{chance.randint(1, self._pupils):03}"
        self._lists[course].add(pupil)
        self._scene.doing = f"{pupil} comes back to {course}"

    def launch(self) -> None:
        """Somebody of a course opens the tool."""
        course = self._scene.chance.choice(COURSES)
        who = self._scene.chance.choice(sorted(self._lists[course]))
        self._launch(who, course, learns=who != TEACHER)

    def look_in(self) -> None:
        """A parent, or a teacher as a test student, opens the tool: nobody gets an account by it."""
        scene = self._scene
        role, course = scene.chance.choice((Role.OBSERVER, Role.TEST_USER, Role.NONE)), scene.chance.choice(COURSES)
        scene.doing = f"somebody without an account looks in as {role}"
        scene.trouble.through(lambda: scene.school.launch("guest", course, role))

    def read_roster(self) -> None:
        """The list of a course is read; what is read now may arrive later, when people have launched in between."""
        scene = self._scene
        course = scene.chance.choice(COURSES)
        listed, began_at = set(self._lists[course]), scene.tool.now
        confirm = scene.chance.random() < 0.3
        if scene.chance.random() < 0.3:
            scene.doing = f"the roster of {course} begins to be read"
            scene.later(lambda: self._apply(course, listed, began_at, confirm), days=0.02)
        else:
            self._apply(course, listed, began_at, confirm)

    def grant(self) -> None:
        """The operator grants credits; without a key, so what may have been done is not repeated."""
        scene = self._scene
        amount = scene.chance.randint(50, 200)
        scene.doing = f"{amount} are granted"
        scene.model.come_in(amount)
        scene.trouble.through(lambda: scene.school.grant(amount), is_keyed=False)

    def set_maximum(self) -> None:
        """A teacher changes the setting, sometimes from an old form, sometimes to what can't be."""
        scene = self._scene
        maximum = scene.chance.choice((0, 5, 10, 10, 15, 20, 40, 12))
        based_on = scene.model.version - scene.chance.choice((0, 0, 0, 1))
        scene.doing = f"the maximum is set to {maximum}, over version {based_on}"
        refused = scene.model.set_maximum(maximum, based_on)
        for answer in scene.trouble.through(lambda: scene.school.save_maximum(maximum, based_on)):
            scene.expect(answer, refused)

    def allot(self) -> None:
        """A teacher gives credits to one or many, perhaps to somebody who left."""
        scene = self._scene
        each = scene.chance.randint(1, 7)
        self._save(tuple((one, each) for one in self._some((1, 1, 4, len(scene.model.people)))), scene.new_name("form"))

    def allot_by_file(self) -> None:
        """A teacher gives some people a number of their own each, from a file."""
        scene = self._scene
        shares = tuple((one, scene.chance.randint(1, 7)) for one in self._some((2, 3, 6)))
        self._save(shares, scene.new_name("form"))

    def allot_again(self) -> None:
        """A form is sent that was saved before, as it was or with another number."""
        if self._forms:
            shares, form = self._scene.chance.choice(self._forms)
            more = self._scene.chance.choice((0, 0, 1))
            self._save(tuple((one, amount + more) for one, amount in shares), form)

    def _some(self, how_many: tuple[int, ...]) -> list[str]:
        members = sorted(self._scene.model.people)
        most = self._scene.chance.choice(how_many)
        return sorted(self._scene.chance.sample(members, min(most, len(members))))

    def _save(self, shares: Shares, form: str) -> None:
        scene = self._scene
        scene.doing = f"{', '.join(f'{amount} for {one}' for one, amount in shares)} by {form}"
        self._forms.append((shares, form))
        refused = scene.model.give(shares, form)
        for answer in scene.trouble.through(lambda: scene.school.allot(shares, form)):
            scene.expect(answer, refused)

    def _launch(self, who: str, course: str, *, learns: bool) -> None:
        scene = self._scene
        scene.doing = f"{who} opens the tool in {course}"
        self._launched[who, course] = scene.tool.now
        scene.model.launch(who, course, learns=learns)
        role = Role.LEARNER if learns else Role.TEACHER
        scene.trouble.through(lambda: scene.school.launch(who, course, role))

    def _apply(self, course: str, listed: set[str], began_at: datetime, confirm: bool) -> None:
        scene = self._scene
        scene.doing = f"the roster of {course} arrives with {len(listed)} people{', confirmed' if confirm else ''}"
        kept = {who for (who, where), at in self._launched.items() if where == course and at >= began_at}
        done = scene.model.list_course(course, listed, kept, confirm=confirm)
        first, *_ = scene.trouble.through(
            lambda: scene.school.read_roster(course, listed, began_at=began_at, confirm=confirm)
        )
        scene.expect(first, None if done else "to_confirm")
