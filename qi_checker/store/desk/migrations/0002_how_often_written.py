"""How often the desk of a protocol was written, so that a reader notices every new one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("qi_desk", "0001_initial"),)

    operations = (
        migrations.AddField(
            model_name="known",
            name="written",
            field=models.BigIntegerField(default=0),
        ),
    )
