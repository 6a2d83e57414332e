"""What stands in an agreement's text: kinds of lines, and the parts they make up."""
