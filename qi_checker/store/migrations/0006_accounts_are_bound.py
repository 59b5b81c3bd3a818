"""From here on accounts, roles and tokens are bound to the trail; `schema.migrate` binds those there are."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("qi_store", "0005_actions"),)

    operations = ()
