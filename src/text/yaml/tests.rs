mod reading;
mod today;
