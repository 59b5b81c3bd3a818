"""Forget the seals of earlier versions: a seal is now the hash of values, not of texts of rows.

The next night compares the rows of these cases, and seals them. Nothing of a seal is in the trail.
"""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("qi_store", "0006_accounts_are_bound"),)

    operations = (
        migrations.RunSQL(
            "UPDATE qi_store_caserow SET seal = '' WHERE seal <> ''", migrations.RunSQL.noop
        ),
    )
