"""What somebody who means harm may try: each test is a way in that stays shut."""
