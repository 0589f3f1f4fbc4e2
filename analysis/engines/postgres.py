"""PostgreSQL through psycopg, with read rights alone."""

from contextlib import contextmanager, suppress
from functools import cached_property

import ibis.expr.datatypes as dt
import psycopg
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.backends.postgres import Backend
from ibis.backends.sql.compilers.postgres import PostgresCompiler
from psycopg.conninfo import conninfo_to_dict

from analysis.engines.told import Told
from analysis.errors import StudyError

SECONDS = 10     # to wait for a server
# The server cannot know how many rows an expression of dates leaves, expects few, and loops over joins for hours.
SETTINGS = "SET enable_nestloop = off; SET jit = off; SET work_mem = '128MB'"


class Connection(psycopg.Connection):
    """A connection that closes with the dataset that opened it, which has no end of its own."""

    def __del__(self):
        self.close()


class Compiler(PostgresCompiler):
    """PostgreSQL's SQL with the arithmetic of the other engines, and small tables of constants written out."""

    def visit_Cast(self, op, *, arg, to):
        """PostgreSQL takes a truth value for a number only by way of its middle-sized integer."""
        if op.arg.dtype.is_boolean() and to.is_numeric():
            arg = self.cast(arg, dt.int32)
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_Divide(self, op, *, left, right):
        """A quotient of integers has decimals; PostgreSQL's own is an integer, cut towards zero."""
        return self.binop(sge.Div, self.cast(left, dt.float64), right)

    def visit_FloorDivide(self, op, *, left, right):
        """Rounded down, also below zero."""
        return self.cast(self.f.floor(self.visit_Divide(op, left=left, right=right)), op.dtype)

    def visit_InMemoryTable(self, op, *, name, schema, data):
        """`data` as VALUES: Ibis would make a temporary table, which a user with read rights may not."""
        columns = {column: sg.column(column, quoted=True) for column in schema.names}
        rows = [sge.Tuple(expressions=[sge.convert(value) for value in row.values()])
                for row in data.to_pyarrow(schema).to_pylist()]
        constants = sge.Values(expressions=rows, alias=sge.TableAlias(
            this=sg.to_identifier(name, quoted=True), columns=[c.this for c in columns.values()]))
        # Constants take their type from their look; the schema says which it is.
        return sg.select(*(self.cast(column, schema[name]).as_(name, quoted=True)
                           for name, column in columns.items())).from_(constants)


class PostgreSQL(Told, Backend):
    """Ibis's backend, except that it writes nothing but kept results and says in a sentence what went wrong."""

    compiler = Compiler()

    def told(self):
        return told(self.dataset)

    def _register_in_memory_tables(self, expr) -> None:
        """Nothing to do: constants are part of the query."""

    def _drop_cached_table(self, name: str) -> None:
        """Temporary tables go with their connection, which may be gone already."""
        with suppress(psycopg.Error):
            super()._drop_cached_table(name)

    @cached_property
    def may_keep(self) -> bool:
        """Whether the user may make temporary tables; not on a standby either, where everything is read-only."""
        with self.told(), self.con.cursor() as cursor:
            return cursor.execute("SELECT has_database_privilege(current_database(), 'TEMP') "
                                  "AND NOT current_setting('transaction_read_only')::boolean").fetchone()[0]

    def create_table(self, *arguments, **options):
        with self.told():
            return super().create_table(*arguments, **options)

    def get_schema(self, *arguments, **options):
        with self.told():
            return super().get_schema(*arguments, **options)


def open_postgres(name: str, url: str) -> PostgreSQL:
    """The backend of dataset `name` at `url`; StudyError says why there is none."""
    backend = PostgreSQL.from_connection(connection(f"dataset {name!r}", url, autocommit=True))
    backend.dataset = name
    with told(name), backend.con.cursor() as cursor:
        cursor.execute(SETTINGS)
    return backend


def connection(what: str, url: str, **options) -> Connection:
    """A connection to the database of `what`; StudyError where the server, the user or the password is not right."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:
        raise StudyError(f"The address of {what} is not one of a PostgreSQL database; "
                         "write postgresql://user@host:port/database.") from None
    try:
        return Connection.connect(**{"connect_timeout": SECONDS, "application_name": "smartbook"} | given, **options)
    except psycopg.Error as error:
        raise StudyError(_refusal(what, error)) from None


def _refusal(what: str, error: psycopg.Error) -> str:
    """Why no connection was made. The server's own words may be in any language, and hold names."""
    words, attempt = str(error), error.pgconn
    if "does not exist" in words:
        return f"The server of {what} has no such database or no such user; check the address."
    if "password" in words or (attempt and (attempt.needs_password or attempt.used_password)):
        return f"The server of {what} refuses the user or the password; check both, or $PGPASSWORD and ~/.pgpass."
    if "FATAL" in words:
        return f"The server of {what} refuses the connection; ask its administrator whether this user may connect."
    return f"The server of {what} does not answer; check that it runs and that host and port are right."


@contextmanager
def told(name: str):
    """Turn what a user or an administrator can put right in a query of dataset `name` into one sentence."""
    try:
        yield
    except psycopg.Error as error:
        sentence = _failure(name, error)
        if sentence is None:
            raise
        raise StudyError(sentence) from None


@contextmanager
def told_push():
    """Turn whatever stops a push into one sentence: what the server says may hold the row that it refuses."""
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise StudyError(f"The user of --to may not make or replace tables there ({_words(error)}); nothing was "
                         "changed.") from None
    except psycopg.errors.DependentObjectsStillExist:
        raise StudyError("Something in the database depends on the tables to replace, such as a view; nothing was "
                         "changed.") from None
    except psycopg.Error as error:
        if _lost(error):
            raise StudyError("The connection to the database was lost; nothing was changed, push again when the server "
                             "answers.") from None
        raise StudyError(f"The database refuses the dataset ({type(error).__name__}); nothing was changed, see "
                         "`smartbook data check`.") from None


def _failure(name: str, error: psycopg.Error) -> str | None:
    """What happened to a query; None for what is a mistake of this project."""
    state = error.sqlstate or ""
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return (f"The database user of dataset {name!r} may not read one of its tables ({_words(error)}); "
                "ask for SELECT on it.")
    if isinstance(error, psycopg.errors.UndefinedTable):
        return f"A table of dataset {name!r} is no longer in its database; push the dataset again."
    if isinstance(error, psycopg.errors.QueryCanceled):
        return f"The database of dataset {name!r} cancelled a query, by its time limit or its administrator; run again."
    if state.startswith("53"):
        return (f"The server of dataset {name!r} has no memory, disk or connection left ({type(error).__name__}); "
                "speak to its administrator.")
    if _lost(error):
        return f"The connection to the database of dataset {name!r} was lost; run again when the server answers."
    return None


def _lost(error: psycopg.Error) -> bool:
    """Whether the connection is gone: the server said so, or nothing any more."""
    if error.sqlstate:
        return error.sqlstate.startswith(("08", "57P"))
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def _words(error: psycopg.Error) -> str:
    """The primary message of an error about rights, which names a table and holds no data."""
    return error.diag.message_primary or type(error).__name__
