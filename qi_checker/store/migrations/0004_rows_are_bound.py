"""From here on rows are bound to the trail; `schema.migrate` binds those that an older store holds.

That needs the tables of people, too, which have migrations of their own: so it is not done in here.
"""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("qi_store", "0003_seal_of_a_case"),)

    operations = ()
