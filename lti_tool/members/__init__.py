"""Who holds credits: people, their membership of a licence, and what launches and rosters say of their courses."""
