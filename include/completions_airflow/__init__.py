"""What the DAGs and the plugin take from Airflow."""
