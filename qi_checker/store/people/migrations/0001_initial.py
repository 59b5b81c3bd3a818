"""The tables of what people write about cases; written by Django."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = ()

    operations = [
        migrations.CreateModel(
            name="Sent",
            fields=[
                ("token", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_index=True)),
                ("result", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="Acknowledged",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("login", models.TextField()),
                ("protocol", models.TextField()),
                ("case_id", models.TextField(blank=True)),
                ("run_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("login", "protocol", "case_id"), name="qi_acknowledged_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_id", models.TextField()),
                ("by", models.TextField()),
                ("role", models.TextField()),
                ("at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                ("outcome", models.TextField()),
                ("whom", models.TextField()),
                ("text", models.TextField(blank=True)),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["case_id"], name="contact_case")],
            },
        ),
        migrations.CreateModel(
            name="Look",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_id", models.TextField()),
                ("by", models.TextField()),
                ("role", models.TextField()),
                ("at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                ("protocol", models.TextField()),
                ("evidence", models.CharField(max_length=64)),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["case_id"], name="look_case")],
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_id", models.TextField()),
                ("by", models.TextField()),
                ("role", models.TextField()),
                ("at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                ("to_role", models.TextField(blank=True)),
                ("text", models.TextField()),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["case_id"], name="note_case")],
            },
        ),
        migrations.CreateModel(
            name="NotesRead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("login", models.TextField()),
                ("case_id", models.TextField()),
                ("last_note", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("login", "case_id"), name="qi_notes_read_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("login", models.TextField()),
                ("role", models.TextField(blank=True)),
                ("name", models.TextField()),
                ("query", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("login", "role", "name"), name="qi_view_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Wait",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_id", models.TextField()),
                ("by", models.TextField()),
                ("role", models.TextField()),
                ("at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                ("protocol", models.TextField()),
                ("until", models.DateField()),
                ("why", models.TextField(blank=True)),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["case_id"], name="wait_case")],
            },
        ),
        migrations.CreateModel(
            name="IousEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_id", models.TextField()),
                ("by", models.TextField()),
                ("role", models.TextField()),
                ("at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                ("values", models.TextField()),
                ("why", models.TextField(blank=True)),
                (
                    "corrects",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="qi_people.iousentry",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["case_id"], name="iousentry_case")],
            },
        ),
    ]
