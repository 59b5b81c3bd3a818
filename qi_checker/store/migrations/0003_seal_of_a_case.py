"""The hash of all open rows of a case, which shows a night that the case is unchanged.

Cases of an older store have none: the next night compares their rows, and seals them.
"""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("qi_store", "0002_trail_is_append_only"),)

    operations = (
        migrations.AddField(
            model_name="caserow",
            name="seal",
            field=models.CharField(max_length=64, default="", db_default=""),
        ),
    )
