"""What people type. Each command reads settings, calls one step and shows what came of it; no rule lives here."""
