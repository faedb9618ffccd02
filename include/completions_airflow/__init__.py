"""What the DAGs and the plugin take from Airflow: connections, the run's conf, the form, the tasks."""
