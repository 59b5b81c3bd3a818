"""From here on rows are bound to the trail; `schema.migrate` binds the rows of an older store.

That also needs the tables of people, which have their own migrations, so it is not done here.
"""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("qi_store", "0003_seal_of_a_case"),)

    operations = ()
