"""Settings of editors that are generated and then checked: VS Code, PyCharm, EditorConfig."""
