"""What audits and batches say: charts, findings and the report, made from the marts."""
