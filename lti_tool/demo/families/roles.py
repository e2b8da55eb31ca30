"""The roles that LTI has words for (LTI Core 1.3 #role-vocabularies), and the parts of a course in those words."""

from lti_tool.demo.courses import Part
from lti_tool.demo.families.family import Casting

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
INSTRUCTOR = f"{LIS}membership#Instructor"
LEARNER = f"{LIS}membership#Learner"
MENTOR = f"{LIS}membership#Mentor"
ASSISTANT = f"{LIS}membership/Instructor#TeachingAssistant"
ADMINISTRATOR = f"{LIS}institution/person#Administrator"
SYSTEM_ADMINISTRATOR = f"{LIS}system/person#Administrator"
FACULTY = f"{LIS}institution/person#Instructor"
STUDENT = f"{LIS}institution/person#Student"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


def casting(label: str, *roles: str, beyond: tuple[str, ...] = (), note: str = "") -> Casting:
    """A part with the same roles of the course in launch and roster; those beyond the course are in the launch only."""
    return Casting(label=label, launch=(*roles, *beyond), roster=roles, note=note)


TEACHER = casting("Teacher", INSTRUCTOR, beyond=(FACULTY,))
A_STUDENT = casting("Student", LEARNER, beyond=(STUDENT,))
OBSERVER = casting("Observer", MENTOR, note="looks after {observed}")
AN_ASSISTANT = casting(
    "Teaching assistant", INSTRUCTOR, ASSISTANT, beyond=(FACULTY,), note="sees the class, changes nothing"
)
STUDENT_VIEW = casting(
    "Student View", LEARNER, TEST_USER, beyond=(STUDENT,), note="a teacher’s look through a student’s eyes"
)
EVERYBODY = {
    Part.TEACHER: TEACHER,
    Part.ASSISTANT: AN_ASSISTANT,
    Part.STUDENT: A_STUDENT,
    Part.OBSERVER: OBSERVER,
    Part.STUDENT_VIEW: STUDENT_VIEW,
}
