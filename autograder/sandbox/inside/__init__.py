"""What runs inside the wall, on the side of student code: how one job locks itself in. Nothing secret is here."""
