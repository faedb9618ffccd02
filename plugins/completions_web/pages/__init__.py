"""The pages in Airflow's UI: batches, answers, audits, health. Airflow shows each in a frame of its own.

All is drawn here; what little script there is follows links out of the frame and fetches what has changed.
"""
