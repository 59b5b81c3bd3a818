"""The tables of the desk; written by Django."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = ()

    operations = [
        migrations.CreateModel(
            name="Known",
            fields=[
                ("protocol", models.TextField(primary_key=True, serialize=False)),
                ("run_id", models.BigIntegerField()),
                ("as_of", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
                ("context", models.TextField()),
                ("origin", models.TextField()),
                ("feeds", models.TextField()),
                ("warnings", models.TextField()),
                ("upcoming", models.IntegerField()),
                ("problems", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="CaseFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("protocol", models.TextField()),
                ("case_id", models.TextField()),
                ("rows", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
            ],
            options={
                "indexes": [models.Index(fields=["case_id"], name="qi_desk_file_case")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("protocol", "case_id"), name="qi_desk_file_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("protocol", models.TextField()),
                ("case_id", models.TextField()),
                ("patient_id", models.TextField()),
                ("site", models.TextField()),
                ("surgeon", models.TextField()),
                ("room", models.TextField()),
                ("surgery_at", models.TextField()),
                ("surgery_day", models.DateField()),
                ("status", models.TextField()),
                ("upcoming", models.BooleanField()),
                ("verdict", models.TextField()),
                ("act_by", models.DateField()),
                ("latest", models.DateField(null=True)),
                ("requirements", models.TextField()),
                ("actions", models.TextField()),
                ("evidence", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64)),
                ("changed_run", models.BigIntegerField(default=0)),
                ("changes", models.TextField(default="[]")),
                ("live", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["act_by", "surgery_day", "case_id"], name="qi_desk_order"),
                    models.Index(
                        fields=["surgeon", "act_by", "surgery_day"], name="qi_desk_surgeon"
                    ),
                    models.Index(fields=["site", "act_by", "surgery_day"], name="qi_desk_site"),
                    models.Index(fields=["surgery_day", "room"], name="qi_desk_day"),
                    models.Index(fields=["case_id"], name="qi_desk_case"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("protocol", "case_id"), name="qi_desk_item_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DeskAction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("requirement", models.TextField()),
                ("action", models.TextField()),
                ("owner", models.TextField()),
                ("first", models.DateField(null=True)),
                ("last", models.DateField(null=True)),
                ("act_by", models.DateField()),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="todo",
                        to="qi_desk.workitem",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["owner", "act_by"], name="qi_desk_owner"),
                    models.Index(fields=["last"], name="qi_desk_last"),
                ],
            },
        ),
    ]
