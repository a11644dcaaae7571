use super::{schema, write};

/// TPC-H as LangChain shows it, without most of its samples.
pub(super) const TPCH: &str = "
CREATE TABLE customer (
	c_custkey BIGINT NOT NULL, 
	c_name STRING, 
	c_address STRING, 
	c_nationkey INT, 
	c_phone STRING, 
	c_acctbal DECIMAL(15, 2), 
	c_mktsegment STRING, 
	c_comment STRING
) USING DELTA

/*
3 rows from customer table:
c_custkey	c_name	c_address	c_nationkey	c_phone	c_acctbal	c_mktsegment	c_comment
1	Customer#000000001	IVhzIApeRb	15	25-989-741-2988	711.56	BUILDING	to the even
2	Customer#000000002	XSTf4	13	23-768-687-3665	121.65	AUTOMOBILE	l accounts
*/

CREATE TABLE lineitem (
	l_orderkey BIGINT, 
	l_partkey BIGINT, 
	l_suppkey BIGINT, 
	l_linenumber INT, 
	l_quantity DECIMAL(15, 2), 
	l_extendedprice DECIMAL(15, 2), 
	l_discount DECIMAL(15, 2), 
	l_tax DECIMAL(15, 2), 
	l_returnflag STRING, 
	l_linestatus STRING, 
	l_shipdate DATE, 
	l_commitdate DATE, 
	l_receiptdate DATE, 
	l_shipinstruct STRING, 
	l_shipmode STRING, 
	l_comment STRING
) USING DELTA

CREATE TABLE nation (
	n_nationkey INT, 
	n_name STRING, 
	n_regionkey INT, 
	n_comment STRING
) USING DELTA

CREATE TABLE orders (
	o_orderkey BIGINT, 
	o_custkey BIGINT, 
	o_orderstatus STRING, 
	o_totalprice DECIMAL(15, 2), 
	o_orderdate DATE, 
	o_orderpriority STRING, 
	o_clerk STRING, 
	o_shippriority INT, 
	o_comment STRING
) USING DELTA

CREATE TABLE part (
	p_partkey BIGINT, 
	p_name STRING, 
	p_mfgr STRING, 
	p_brand STRING, 
	p_type STRING, 
	p_size INT, 
	p_container STRING, 
	p_retailprice DECIMAL(15, 2), 
	p_comment STRING
) USING DELTA

CREATE TABLE partsupp (
	ps_partkey BIGINT, 
	ps_suppkey BIGINT, 
	ps_availqty INT, 
	ps_supplycost DECIMAL(15, 2), 
	ps_comment STRING
) USING DELTA

CREATE TABLE region (
	r_regionkey INT, 
	r_name STRING, 
	r_comment STRING
) USING DELTA

CREATE TABLE supplier (
	s_suppkey BIGINT, 
	s_name STRING, 
	s_address STRING, 
	s_nationkey INT, 
	s_phone STRING, 
	s_acctbal DECIMAL(15, 2), 
	s_comment STRING
) USING DELTA
";

pub(super) const TAXI: &str = "
CREATE TABLE samples.nyctaxi.trips (
	tpep_pickup_datetime TIMESTAMP, 
	tpep_dropoff_datetime TIMESTAMP, 
	trip_distance DOUBLE, 
	fare_amount DOUBLE, 
	pickup_zip INT, 
	dropoff_zip INT
) USING DELTA
";

fn sql(question: &str) -> String {
    write(question, &schema::tables(TPCH), 10).unwrap_or_else(|why| format!("refused: {why}")).replace('\n', " ")
}

fn taxi(question: &str) -> String {
    write(question, &schema::tables(TAXI), 10).unwrap_or_else(|why| format!("refused: {why}")).replace('\n', " ")
}

#[test]
fn counts() {
    assert_eq!(sql("How many orders are there?"), "SELECT COUNT(*) AS number_of_orders FROM orders");
    assert_eq!(sql("Count the line items"), "SELECT COUNT(*) AS number_of_lineitem FROM lineitem");
    assert_eq!(
        sql("How many different ship modes are there?"),
        "SELECT COUNT(DISTINCT l_shipmode) AS number_of_l_shipmode FROM lineitem"
    );
    assert_eq!(
        sql("How many customers are there in Germany?"),
        "SELECT COUNT(*) AS number_of_customer FROM customer JOIN nation ON c_nationkey = n_nationkey WHERE UPPER(n_name) = 'GERMANY'"
    );
    assert_eq!(
        sql("How many customers have the segment building?"),
        "SELECT COUNT(*) AS number_of_customer FROM customer WHERE c_mktsegment = 'BUILDING'"
    );
    assert_eq!(
        sql("How many customers are in the AUTOMOBILE segment?"),
        "SELECT COUNT(*) AS number_of_customer FROM customer WHERE c_mktsegment = 'AUTOMOBILE'"
    );
    assert_eq!(
        sql("How many orders were placed in 1995?"),
        "SELECT COUNT(*) AS number_of_orders FROM orders WHERE o_orderdate >= DATE '1995-01-01' AND o_orderdate < DATE '1996-01-01'"
    );
    assert_eq!(
        sql("How many orders were placed by customers in Asia?"),
        "SELECT COUNT(*) AS number_of_orders FROM orders JOIN customer ON o_custkey = c_custkey JOIN nation ON c_nationkey = n_nationkey \
         JOIN region ON n_regionkey = r_regionkey WHERE UPPER(r_name) = 'ASIA'"
    );
}

#[test]
fn groups() {
    assert_eq!(
        sql("What is the total revenue per nation?"),
        "SELECT n_name AS nation, SUM(l_extendedprice * (1 - l_discount)) AS revenue FROM lineitem JOIN orders ON l_orderkey = o_orderkey \
         JOIN customer ON o_custkey = c_custkey JOIN nation ON c_nationkey = n_nationkey GROUP BY n_nationkey, n_name ORDER BY revenue DESC"
    );
    assert_eq!(
        sql("average discount per ship mode"),
        "SELECT l_shipmode, AVG(l_discount) AS average_l_discount FROM lineitem GROUP BY l_shipmode ORDER BY average_l_discount DESC"
    );
    assert_eq!(
        sql("How many orders per year?"),
        "SELECT EXTRACT(YEAR FROM o_orderdate) AS year, COUNT(*) AS number_of_orders FROM orders GROUP BY EXTRACT(YEAR FROM o_orderdate) ORDER BY year"
    );
    assert_eq!(
        sql("Show orders by status"),
        "SELECT o_orderstatus, COUNT(*) AS number_of_orders FROM orders GROUP BY o_orderstatus ORDER BY number_of_orders DESC"
    );
    assert_eq!(
        sql("number of suppliers per region"),
        "SELECT r_name AS region, COUNT(*) AS number_of_supplier FROM supplier JOIN nation ON s_nationkey = n_nationkey \
         JOIN region ON n_regionkey = r_regionkey GROUP BY r_regionkey, r_name ORDER BY number_of_supplier DESC"
    );
    assert_eq!(
        sql("What is the average account balance of customers in each market segment?"),
        "SELECT c_mktsegment, AVG(c_acctbal) AS average_c_acctbal FROM customer GROUP BY c_mktsegment ORDER BY average_c_acctbal DESC"
    );
    assert!(sql("revenue by month in 1996").starts_with("SELECT date_trunc('MONTH', l_shipdate) AS month, SUM("));
    assert!(
        sql("revenue by supplier nation").contains("JOIN supplier ON l_suppkey = s_suppkey JOIN nation ON s_nationkey")
    );
}

#[test]
fn the_first_ones() {
    assert_eq!(
        sql("top 10 customers by revenue"),
        "SELECT c_name AS customer, SUM(l_extendedprice * (1 - l_discount)) AS revenue FROM lineitem JOIN orders ON l_orderkey = o_orderkey \
         JOIN customer ON o_custkey = c_custkey GROUP BY c_custkey, c_name ORDER BY revenue DESC LIMIT 10"
    );
    assert_eq!(
        sql("Show the top 5 customers by account balance"),
        "SELECT c_name, c_acctbal FROM customer ORDER BY c_acctbal DESC LIMIT 5"
    );
    assert_eq!(
        sql("most expensive parts"),
        "SELECT p_name, p_retailprice FROM part ORDER BY p_retailprice DESC LIMIT 10"
    );
    assert_eq!(
        sql("What is the cheapest part?"),
        "SELECT p_name, p_retailprice FROM part ORDER BY p_retailprice LIMIT 1"
    );
    assert_eq!(
        sql("What are the 3 largest orders?"),
        "SELECT o_orderkey, o_orderstatus, o_totalprice, o_orderdate, o_orderpriority FROM orders ORDER BY o_totalprice DESC LIMIT 3"
    );
    assert_eq!(
        sql("Which nation has the most customers?"),
        "SELECT n_name AS nation, COUNT(*) AS number_of_customer FROM customer JOIN nation ON c_nationkey = n_nationkey \
         GROUP BY n_nationkey, n_name ORDER BY number_of_customer DESC LIMIT 1"
    );
    assert_eq!(
        sql("What is the highest order total price?"),
        "SELECT MAX(o_totalprice) AS highest_o_totalprice FROM orders"
    );
    assert!(
        sql("Which 5 suppliers have the lowest account balance?").ends_with("FROM supplier ORDER BY s_acctbal LIMIT 5")
    );
}

#[test]
fn lists_and_comparisons() {
    assert_eq!(sql("List all regions"), "SELECT r_name FROM region");
    assert_eq!(
        sql("List the names of suppliers from France with an account balance over 5,000"),
        "SELECT s_name FROM supplier JOIN nation ON s_nationkey = n_nationkey WHERE s_acctbal > 5000 AND UPPER(n_name) = 'FRANCE' LIMIT 10"
    );
    assert_eq!(
        sql("Which ship modes are there?"),
        "SELECT DISTINCT l_shipmode FROM lineitem ORDER BY l_shipmode LIMIT 10"
    );
    assert_eq!(
        sql("How many orders have a total price between 1000 and 2000?"),
        "SELECT COUNT(*) AS number_of_orders FROM orders WHERE o_totalprice BETWEEN 1000 AND 2000"
    );
    assert_eq!(
        sql("customers with more than 20 orders"),
        "SELECT c_name AS customer, COUNT(*) AS number_of_orders FROM orders JOIN customer ON o_custkey = c_custkey \
         GROUP BY c_custkey, c_name HAVING COUNT(*) > 20 ORDER BY number_of_orders DESC LIMIT 10"
    );
    assert_eq!(
        sql("total quantity shipped between March 1995 and 1996-02-28"),
        "SELECT SUM(l_quantity) AS total_l_quantity FROM lineitem WHERE l_shipdate >= DATE '1995-03-01' AND l_shipdate < DATE '1996-02-29'"
    );
}

#[test]
fn one_table_of_trips() {
    assert_eq!(
        taxi("What is the average fare per pickup zip?"),
        "SELECT pickup_zip, AVG(fare_amount) AS average_fare_amount FROM samples.nyctaxi.trips GROUP BY pickup_zip ORDER BY average_fare_amount DESC"
    );
    assert_eq!(
        taxi("longest trip"),
        "SELECT tpep_pickup_datetime, tpep_dropoff_datetime, trip_distance, fare_amount FROM samples.nyctaxi.trips ORDER BY trip_distance DESC LIMIT 1"
    );
    assert_eq!(
        taxi("How many trips were longer than 5 miles?"),
        "SELECT COUNT(*) AS number_of_trips FROM samples.nyctaxi.trips WHERE trip_distance > 5"
    );
    assert!(taxi("trips per hour").starts_with("SELECT EXTRACT(HOUR FROM tpep_pickup_datetime) AS hour, COUNT(*)"));
    assert_eq!(
        taxi("average fare for pickup zip 10001"),
        "SELECT AVG(fare_amount) AS average_fare_amount FROM samples.nyctaxi.trips WHERE pickup_zip = 10001"
    );
}

#[test]
fn what_cannot_be_written_is_said() {
    for (question, word) in [
        ("How many penguins are there?", "penguins"),
        ("How many customers live in Atlantis?", "Atlantis"),
        ("What percentage of orders is late?", "percentage"),
        ("delete all orders", "delete"),
        ("Tell me a joke", "joke"),
        ("How many red orders are there?", "red"),
        ("top 3 customers per nation by revenue", "within each group"),
        ("customers per year", "no date"),
        ("total account balance of customers with orders", "more than once"),
    ] {
        let text = sql(question);
        assert!(text.starts_with("refused: ") && text.contains(word), "{question}: {text}");
    }
}

#[test]
fn nothing_panics_on_odd_questions() {
    for question in [
        "",
        "?",
        "by by by",
        "top",
        "per",
        "top 5 by",
        "most",
        "between and",
        "in 1995",
        "'",
        "'a",
        "> 5",
        "how many",
        "the the",
        "é ü 漢字 🦀",
        "Ω'Ω'",
    ] {
        let _ = sql(question);
        let _ = taxi(question);
    }
}
