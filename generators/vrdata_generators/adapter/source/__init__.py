"""Where generators come from: folders, git, names, licences."""
