"""What LMSs call: login, launch, and the key set that proves what we sign."""
