import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Document",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="ExceptionRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_id", models.TextField(db_index=True)),
                ("requirement", models.TextField()),
                ("reason", models.TextField()),
                ("note", models.TextField()),
                ("valid_from", models.DateField()),
                ("expires_on", models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name="SignOff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_id", models.TextField(db_index=True)),
                ("protocol", models.TextField()),
                ("by", models.TextField()),
                ("role", models.TextField()),
                ("at", models.DateTimeField()),
                ("note", models.TextField()),
                ("parts", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="TrailEntry",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.TextField()),
                ("actor", models.TextField()),
                ("action", models.TextField()),
                ("payload", models.TextField(null=True)),
                ("payload_sha256", models.CharField(max_length=64)),
                ("previous", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="TrailPermit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("why", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="CaseRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("protocol", models.TextField()),
                ("case_id", models.TextField()),
                ("from_run", models.BigIntegerField()),
                ("to_run", models.BigIntegerField(null=True)),
                ("row", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("to_run", None)),
                        fields=["protocol", "case_id"],
                        name="qi_case_open",
                    ),
                    models.Index(fields=["case_id"], name="qi_case_case"),
                    models.Index(
                        condition=models.Q(("to_run", None), _negated=True),
                        fields=["to_run"],
                        name="qi_case_until",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EvidenceRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("protocol", models.TextField()),
                ("case_id", models.TextField()),
                ("from_run", models.BigIntegerField()),
                ("to_run", models.BigIntegerField(null=True)),
                ("row", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("to_run", None)),
                        fields=["protocol", "case_id"],
                        name="qi_evidence_open",
                    ),
                    models.Index(fields=["case_id"], name="qi_evidence_case"),
                    models.Index(
                        condition=models.Q(("to_run", None), _negated=True),
                        fields=["to_run"],
                        name="qi_evidence_until",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExceptionStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("action", models.TextField()),
                ("at", models.DateTimeField()),
                ("by", models.TextField()),
                ("role", models.TextField()),
                ("surgery_day", models.DateField(null=True)),
                ("why", models.TextField()),
                (
                    "exception",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="qi_store.exceptionrequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FindingRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("protocol", models.TextField()),
                ("case_id", models.TextField()),
                ("from_run", models.BigIntegerField()),
                ("to_run", models.BigIntegerField(null=True)),
                ("row", models.TextField()),
                ("requirement", models.TextField()),
                ("status", models.TextField()),
                ("act_by", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("to_run", None)),
                        fields=["protocol", "case_id"],
                        name="qi_finding_open",
                    ),
                    models.Index(fields=["case_id"], name="qi_finding_case"),
                    models.Index(
                        condition=models.Q(("to_run", None), _negated=True),
                        fields=["to_run"],
                        name="qi_finding_until",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("protocol", models.TextField()),
                ("as_of", models.TextField()),
                ("started_at", models.DateTimeField()),
                ("actor", models.TextField()),
                ("parts", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("correction", models.IntegerField(default=0)),
            ],
            options={
                "indexes": [models.Index(fields=["protocol", "as_of"], name="qi_run_as_of")],
            },
        ),
        migrations.CreateModel(
            name="ChangeRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_id", models.TextField(db_index=True)),
                ("position", models.IntegerField()),
                ("row", models.TextField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="qi_store.run"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ScheduleRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("protocol", models.TextField()),
                ("case_id", models.TextField()),
                ("from_run", models.BigIntegerField()),
                ("to_run", models.BigIntegerField(null=True)),
                ("row", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("to_run", None)),
                        fields=["protocol", "case_id"],
                        name="qi_schedule_open",
                    ),
                    models.Index(fields=["case_id"], name="qi_schedule_case"),
                    models.Index(
                        condition=models.Q(("to_run", None), _negated=True),
                        fields=["to_run"],
                        name="qi_schedule_until",
                    ),
                ],
            },
        ),
    ]
