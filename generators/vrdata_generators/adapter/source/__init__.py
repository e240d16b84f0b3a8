"""Where generators are added from: folders, git, names, licences."""
