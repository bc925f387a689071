"""The look of every dashboard and the panels they are composed of.

`palette` is one set of colours for Streamlit, Plotly and Matplotlib; `frame` the page
around; `panels` the four figures as functions over plain data; `job` a child process whose
JSON lines a page shows while it runs.
"""
