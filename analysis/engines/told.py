"""What the backends of a server share: a query that fails says in a sentence why."""


class Told:
    """Mixed in before an Ibis backend; `dataset` is the name of what it queries.

    `told()` is a context manager that turns the errors of the backend's driver into a StudyError.
    """

    dataset = ""

    def execute(self, *arguments, **options):
        with self.told():
            return super().execute(*arguments, **options)

    def to_pyarrow(self, *arguments, **options):
        with self.told():
            return super().to_pyarrow(*arguments, **options)
