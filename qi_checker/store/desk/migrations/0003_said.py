"""The texts of actions by their keys; those of an older night have English words only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("qi_desk", "0002_how_often_written"),)

    operations = [
        migrations.AddField("workitem", "said", models.TextField(default="[]")),
    ]
