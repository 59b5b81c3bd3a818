"""No digest of a line: a night compares the line itself, so that it finds what others changed."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("qi_desk", "0003_said"),)

    operations = (migrations.RemoveField(model_name="workitem", name="digest"),)
