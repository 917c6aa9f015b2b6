"""What tests share: servers, dirty data, a second computation of the rules, applications at work, a browser."""
