"""What people read: words in two languages, pages, the sheet, the timeline, the problem texts."""
