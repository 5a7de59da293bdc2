"""What the teams read: an edition is composed once from the archive, frozen, and rendered in several forms."""
