"""How fast everything is, as ratios within one run; nothing else imports it but the command line."""
