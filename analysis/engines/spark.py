"""Spark over a folder of Parquet files, on this machine or on a cluster."""

import os
import shutil
import socket
import warnings
from contextlib import contextmanager

with warnings.catch_warnings():
    # Said at import and at each use; the panels are compared with DuckDB's by the tests.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    import ibis
    import pyspark.errors
    import sqlglot.expressions as sge
    from ibis.backends.pyspark import Backend
    from ibis.backends.sql.compilers.pyspark import PySparkCompiler
    from ibis.util import gen_name
    from py4j.protocol import Py4JNetworkError
    from pyspark.sql import SparkSession

from analysis.engines.told import Told
from analysis.errors import StudyError

LOCAL = "spark+local://"
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "8",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
# Without these, a machine whose name nobody knows cannot talk to itself.
HERE = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
SECONDS = 10     # to wait for a master, which Spark itself would do for minutes


class Compiler(PySparkCompiler):
    """Spark's SQL, where Ibis 12 gets it wrong."""

    def visit_Median(self, op, *, arg, where):
        """A condition chooses among the values; Ibis puts it on the constant ½ too, which Spark refuses."""
        return self.visit_Quantile(op, arg=arg, quantile=sge.convert(0.5), where=where)


class Spark(Told, Backend):
    """Ibis's backend, which reads several files as one table and says in a sentence what went wrong."""

    compiler = Compiler()

    def told(self):
        return told(self.dataset)

    def _create_cached_table(self, name, expr):
        """Ibis forgets the constants of what is kept."""
        self._run_pre_execute_hooks(expr)
        return super()._create_cached_table(name, expr)

    def read_files(self, paths: list[str]):
        """The Parquet files at `paths` as one table, under a name that no other dataset of the session has."""
        name = gen_name("table")
        try:
            with self.told():
                self._session.read.parquet(*paths).createOrReplaceTempView(name)
        except pyspark.errors.PySparkException as error:
            raise StudyError(f"Spark cannot read a table of dataset {self.dataset!r} ({type(error).__name__}); every "
                             "node must see its folder under the same path.") from None
        return self.table(name)


def open_spark(name: str, engine: str) -> Spark:
    """The backend of dataset `name` on the Spark of `engine`: `spark+local://`, or `spark://host:port`.

    StudyError where Java is missing or the master does not answer. One process has one session: a second dataset
    shares it.
    """
    if not (shutil.which("java") or os.path.isfile(os.path.join(os.environ.get("JAVA_HOME", ""), "bin", "java"))):
        raise StudyError(f"Dataset {name!r} runs on Spark, which needs Java; install version 17 "
                         "(Debian: openjdk-17-jre-headless) or set $JAVA_HOME.")
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    builder = SparkSession.builder.appName("smartbook").master("local[*]" if engine == LOCAL else _answering(engine))
    for key, value in (SETTINGS | HERE if engine == LOCAL else SETTINGS).items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:
        raise StudyError(f"Spark does not start for dataset {name!r} ({type(error).__name__}); "
                         "check Java, the master and the memory of this machine.") from None
    session.sparkContext.setLogLevel("ERROR")
    ibis.pyspark                                 # noqa: B018 – being named, it registers the options of its compiler
    backend = Spark().connect(session)
    backend.dataset = name
    return backend


def _answering(master: str) -> str:
    """`master`, `spark://host:port`; StudyError where nobody listens there."""
    host, _, port = master.removeprefix("spark://").rpartition(":")
    if not host or not port.isdigit():
        raise StudyError("The address of a Spark master is spark://host:port/folder; check `location`.")
    try:
        socket.create_connection((host, int(port)), SECONDS).close()
    except OSError:
        raise StudyError(f"The Spark master {master} does not answer; check that it runs and that host and port are "
                         "right.") from None
    return master


@contextmanager
def told(name: str):
    """Turn the loss of Spark in a query of dataset `name` into one sentence."""
    try:
        yield
    except (Py4JNetworkError, ConnectionError, EOFError):
        raise StudyError(f"The connection to the Spark of dataset {name!r} was lost; run again when it answers.") \
            from None
