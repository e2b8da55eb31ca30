"""A member has at hand what lists sort and search by, so that a list of thousands looks up by name only whom it shows.

The database keeps it the same as the person's; whoever adds a member copies it.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COLUMNS = ("sort_name", "lower_email")
# 255 characters, as `people.sort_name` keeps no more either: an entry of the index has to fit into it.
FILL = """
    update members
       set (sort_name, lower_email) = (select substr(p.sort_name, 1, 255), lower(coalesce(p.email, ''))
                                         from people p where p.id = members.person_id)
"""
INDEX = "create index ix_members_listed on members (license_id, sort_name, id, lower_email)"
SQLITE_TRIGGER = """
    create trigger people_are_listed_so after update of sort_name, email on people
      when new.sort_name is not old.sort_name or new.email is not old.email
    begin
      update members set sort_name = new.sort_name, lower_email = lower(coalesce(new.email, ''))
       where person_id = new.id;
    end
"""
# Of all whom a statement renames at once.
POSTGRESQL_TRIGGER = (
    """
    create function creditroll_list_people() returns trigger language plpgsql as
    $$ begin
      with listed as materialized (
        select m.id, n.sort_name, lower(coalesce(n.email, '')) as lower_email
          from now_called n join members m on m.person_id = n.id
         where (m.sort_name, m.lower_email) is distinct from (n.sort_name, lower(coalesce(n.email, '')))
         order by m.id for no key update of m)
      update members m set sort_name = l.sort_name, lower_email = l.lower_email from listed l where m.id = l.id;
      return null;
    end $$
    """,
    """
    create trigger people_are_listed_so after update on people referencing new table as now_called
      for each statement execute function creditroll_list_people()
    """,
)


def upgrade() -> None:
    bind = op.get_bind()
    for column in COLUMNS:
        bind.exec_driver_sql(f"alter table members add column {column} text not null default ''")
    bind.exec_driver_sql("update people set sort_name = substr(sort_name, 1, 255) where length(sort_name) > 255")
    bind.exec_driver_sql(FILL)
    bind.exec_driver_sql(INDEX)
    bind.exec_driver_sql("drop index ix_people_sort_name")
    for statement in (SQLITE_TRIGGER,) if bind.dialect.name == "sqlite" else POSTGRESQL_TRIGGER:
        bind.exec_driver_sql(statement)


def downgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        bind.exec_driver_sql("drop trigger people_are_listed_so")
    else:
        bind.exec_driver_sql("drop trigger people_are_listed_so on people")
        bind.exec_driver_sql("drop function creditroll_list_people()")
    bind.exec_driver_sql("create index ix_people_sort_name on people (sort_name)")
    bind.exec_driver_sql("drop index ix_members_listed")
    for column in COLUMNS:
        bind.exec_driver_sql(f"alter table members drop column {column}")
