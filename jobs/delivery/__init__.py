"""How an edition reaches people: mail, folders, commands, webhooks and chats, each delivery once."""
