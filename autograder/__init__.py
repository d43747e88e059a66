"""Staff side: release notebooks, collect submissions, grade them and give feedback."""
