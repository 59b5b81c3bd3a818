"""Every action of a case, not only the first. Nights stored before this have none."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("qi_store", "0004_rows_are_bound"),)

    operations = (
        migrations.CreateModel(
            name="ActionRow",
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
                ("position", models.TextField()),
                ("act_by", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("to_run", None)),
                        fields=["protocol", "case_id"],
                        name="qi_action_open",
                    ),
                    models.Index(fields=["case_id"], name="qi_action_case"),
                    models.Index(
                        condition=models.Q(("to_run", None), _negated=True),
                        fields=["to_run"],
                        name="qi_action_until",
                    ),
                ],
            },
        ),
    )
